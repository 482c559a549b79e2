"""What real processes write into their logs, and what they do with a message that would run code."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from local.ports import free_port
from local.process import Process
from shared import ids
from shared.broker import Publisher, make_celery
from shared.key_file import add_key
from shared.keys import make_key
from shared.messages import UnitHint
from shared.routing import INDEX_BULK, INGEST_CHUNK
from shared.settings import CommonSettings
from tests.conftest import RedisServer, wait_until
from tests.processes import running, running_gateway

PASSWORD = secrets.token_hex(16)


@dataclass
class Site:
    """A gateway that wants keys, a reconciler and an index worker, verbose, over a Redis with a password."""

    redis: RedisServer
    settings: CommonSettings
    gateway: Process
    port: int
    key: str
    reconciler: Process
    index: Process

    def ask(self, key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.get(f"http://127.0.0.1:{self.port}/api/jobs", headers=headers, trust_env=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    server = RedisServer(free_port(), folder)
    server.start()
    with Redis(port=server.port) as redis:
        redis.config_set("requirepass", PASSWORD)
    url = f"redis://:{PASSWORD}@127.0.0.1:{server.port}/0"
    settings = CommonSettings(redis_url=url, spool_url=str(folder / "spool"))
    key, text = make_key("somebody", "read")
    add_key(folder / "keys.json", key)
    with ExitStack() as started:
        started.callback(server.kill)
        verbose = {"DOPPEL_LOG_LEVEL": "DEBUG", "DOPPEL_KEYS_FILE": str(folder / "keys.json")}
        index = started.enter_context(running("index", settings, folder, **verbose))
        reconciler = started.enter_context(running("reconciler", settings, folder, **verbose))
        gateway, port = started.enter_context(running_gateway(settings, folder, **verbose))
        wait_until(lambda: ' ready."' in index.output(), 60, what=index.output)
        wait_until(lambda: "reconciler started" in reconciler.output(), what=reconciler.output)
        yield Site(server, settings, gateway, port, text, reconciler, index)


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._path),)


def test_a_pickled_message_is_dropped_and_the_worker_goes_on(site: Site, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    task = {"task": INGEST_CHUNK, "id": ids.new_id(), "argsrepr": "", "kwargsrepr": ""}
    with make_celery("sender", site.settings, publisher_only=True) as app:
        with app.connection_for_write() as connection:
            for headers in ({}, task):
                producer = connection.Producer(serializer="pickle")
                producer.publish(
                    ([Trap(trace)], {}, {}), routing_key=INDEX_BULK, exchange="", headers=headers
                )
        Publisher(app).hint(UnitHint(job_id=ids.new_id(), stage="ingest", unit="0"))
    wait_until(lambda: "nothing to do" in site.index.output(), what=site.index.output)
    assert site.index.output().count("ContentDisallowed") >= 2
    assert not trace.exists()


def test_no_secret_is_in_any_log_not_even_in_an_outage(site: Site) -> None:
    """Last in this file, as it takes Redis away."""
    wrong = f"{site.key}x"
    assert [site.ask(site.key).status_code, site.ask(wrong).status_code] == [200, 401]
    site.redis.kill()
    assert site.ask(site.key).status_code == 503
    waited = {
        site.gateway: "outage",
        site.reconciler: "outage, trying again",
        site.index: "Cannot connect to",
    }
    for process, line in waited.items():
        wait_until(lambda process=process, line=line: line in process.output(), 30, what=process.output)
        assert PASSWORD not in process.output()
        assert site.key.split("_", 2)[2] not in process.output()
