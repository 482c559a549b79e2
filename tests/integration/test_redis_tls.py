"""Redis over TLS: every kind of connection checks the certificate, shows its own, and carries a job."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from shared.broker import Publisher, make_celery
from shared.connection import open_async_redis
from shared.errors import LedgerUnavailable
from shared.ids import new_id
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.messages import UnitHint
from shared.presence import Presence
from shared.settings import CommonSettings
from tests.certificates import CertificateMaker
from tests.conftest import RedisServer
from tests.faults.proxy import Proxy
from tests.site import ROLES, Site, work


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateMaker:
    return CertificateMaker(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture
def port(settings: CommonSettings, redis_server: RedisServer, authority: CertificateMaker) -> Iterator[int]:
    """Give the port of an empty Redis that speaks TLS and wants to see a certificate of the authority's.

    The server that comes with the tests was built without TLS; in front of it is what ends it.
    """
    own = authority.make("redis", "IP:127.0.0.1")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.ca))
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_cert_chain(own.file, own.key)
    with closing(Proxy(redis_server.port, tls)) as proxy:
        yield proxy.port


@pytest.fixture
def secured(settings: CommonSettings, port: int, authority: CertificateMaker) -> dict[str, Any]:
    mine = authority.make("doppel", "DNS:doppel")
    files = {"redis_ca_file": authority.ca, "redis_cert_file": mine.file, "redis_key_file": mine.key}
    return {"redis_url": f"rediss://127.0.0.1:{port}/0", "spool_url": settings.spool_url, **files}


def text(settings: CommonSettings) -> None:
    with Ledger.connect(settings) as ledger:
        ledger.ping()


def raw(settings: CommonSettings) -> None:
    with InFlight.connect(settings) as inflight:
        inflight.put_payload(new_id(), 0, b"x")


def presence(settings: CommonSettings) -> None:
    with Presence.connect(settings) as there:
        there.counts()


def subscription(settings: CommonSettings) -> None:
    async def ping() -> None:
        async with open_async_redis(settings, connect_s=2) as redis:
            await redis.ping()

    asyncio.run(ping())


def publisher(settings: CommonSettings) -> None:
    with make_celery("test", settings, publisher_only=True) as app:
        Publisher(app).hint(UnitHint(job_id=new_id(), stage="encode", unit="0"))


def consumer(settings: CommonSettings) -> None:
    with make_celery("test", settings) as app, app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        connection.default_channel.client.ping()


KINDS = pytest.mark.parametrize("connect", [text, raw, presence, subscription, publisher, consumer])


@KINDS
def test_a_connection_is_made_when_both_sides_are_who_they_should_be(
    secured: dict[str, Any], connect: Callable[[CommonSettings], None]
) -> None:
    connect(CommonSettings(**secured))


@KINDS
@pytest.mark.parametrize("fault", ["authority", "system", "name", "nothing-shown", "plain"])
def test_a_connection_is_refused_when_one_side_is_not(
    secured: dict[str, Any],
    authority: CertificateMaker,
    tmp_path: Path,
    connect: Callable[[CommonSettings], None],
    fault: str,
) -> None:
    if fault == "authority":
        secured["redis_ca_file"] = CertificateMaker(tmp_path / "others").ca
    elif fault == "system":
        secured["redis_ca_file"] = None
    elif fault == "name":
        secured["redis_url"] = secured["redis_url"].replace("127.0.0.1", "localhost")
    elif fault == "nothing-shown":
        secured["redis_cert_file"] = secured["redis_key_file"] = None
    else:
        secured = {"redis_url": secured["redis_url"].replace("rediss", "redis")}
    with pytest.raises((LedgerUnavailable, RedisConnectionError, OperationalError)) as caught:
        connect(CommonSettings(**secured))
    # What is shown is looked at by the server, which tells it in a way that each version words differently.
    assert fault in ("nothing-shown", "plain") or "certificate verify failed" in str(caught.value)


def test_a_job_goes_through(secured: dict[str, Any], tmp_path: Path) -> None:
    settings = CommonSettings(**secured)
    with Site(dict.fromkeys((*ROLES, "gateway"), settings), tmp_path) as site:
        assert [(pair["a"], pair["b"], pair["verdict"]) for pair in work(site)] == [("0", "1", "duplicate")]
