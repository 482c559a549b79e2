"""The worker as it runs: a parent that takes messages, a child that loads models, both real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared import ids
from shared.blocks import unpack
from shared.broker import Publisher, make_celery
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.messages import Chunk, JobOptions, Listing, Query, Row, UnitHint
from shared.presence import Presence
from shared.routing import ENCODE_BULK, ENCODE_INTERACTIVE, ENCODE_QUERY
from shared.settings import CommonSettings
from shared.spool import Spool, chunk_key, image_key
from tests.conftest import wait_until
from tests.encoder_pictures import encoded, scene

ROOT = Path(__file__).parents[2]
Process = subprocess.Popen[str]
Start = Callable[..., Process]


@pytest.fixture
def start(settings: CommonSettings, tmp_path: Path) -> Iterator[Start]:
    """Start encoder workers; end them with the test."""
    running: list[Process] = []

    def go(*queues: str, **variables: str) -> Process:
        environment = os.environ | {
            "DOPPEL_REDIS_URL": settings.redis_url.get_secret_value(),
            "DOPPEL_SPOOL_URL": settings.spool_url,
            "DOPPEL_PROFILE": "deterministic",
            "DOPPEL_THREADS": "1",
            **variables,
        }
        command = ["-m", "celery", "-A", "workers.encoder.main", "worker", "-Q", ",".join(queues)]
        with (tmp_path / "worker.log").open("w") as output:
            options = ["--without-gossip", "--without-mingle"]
            process = subprocess.Popen(
                [sys.executable, *command, *options],
                cwd=ROOT,
                env=environment,
                stderr=output,
                stdout=output,
                text=True,
            )
        running.append(process)
        return process

    yield go
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_worker_encodes_chunks_and_queries(
    start: Start, settings: CommonSettings, ledger: Ledger, spool: Spool, inflight: InFlight
) -> None:
    job, query_id = ids.new_id(), ids.new_id()
    ledger.create(job, JobOptions(catalog="c"), 256)
    spool.put(image_key(job, "a"), encoded(scene()))
    listing = Listing(id="a", title="A title", image=f"spool:{image_key(job, 'a')}")
    inside = Listing(id="b", title="B", image=settings.redis_url.get_secret_value().replace("redis", "http"))
    rows = (Row(row=1, listing=listing), Row(row=2, listing=inside))
    spool.put(chunk_key(job, 0), Chunk(job_id=job, rows=rows).model_dump_json().encode())
    ledger.add_chunk(job, 0, 2)
    ledger.seal(job)
    deadline = int(time.time() * 1000) + 60_000
    ledger.create_query(query_id, "search", deadline)
    asked = Query(
        job_id=query_id, kind="search", listings=(listing.model_copy(update={"image": None}),),
        payload_keys=(inflight.put_payload(query_id, 0, encoded(scene())),), deadline_ms=deadline,
    )  # fmt: skip
    with make_celery("test", settings, publisher_only=True) as app:
        publisher = Publisher(app)
        publisher.hint(UnitHint(job_id=job, stage="encode", unit="0"))
        publisher.send(ENCODE_QUERY, ENCODE_INTERACTIVE, asked)
        start(ENCODE_BULK, ENCODE_INTERACTIVE)
        wait_until(
            lambda: inflight.get_block(job, "0") and inflight.get_block(query_id, "query"), timeout_s=60
        )
    header, image = unpack(inflight.get_block(job, "0") or b"")
    assert [m.rows for m in header.modalities] == [(1,), (1,)]
    assert [(r.row, r.code) for r in header.rejections] == [(2, "image_address_refused")]
    header, query_image = unpack(inflight.get_block(query_id, "query") or b"")
    assert [m.rows for m in header.modalities] == [(0,), (0,)]
    assert query_image == image
    with Presence.connect(settings) as presence:
        wait_until(lambda: presence.counts() == {ENCODE_BULK: 1, ENCODE_INTERACTIVE: 1})


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"DOPPEL_PROFILE": "nosuch"}, "no profile at"),
        ({"DOPPEL_FETCH_PRIVATE_NETWORKS": '["10.0.0.0/99"]'}, "10.0.0.0/99"),
        ({"DOPPEL_FETCH_ALLOW_HOSTS": '["https://cdn.example"]'}, "'https://cdn.example' is no host name"),
        ({"DOPPEL_FETCH_HEADERS_FILE": "/no/headers.json"}, "/no/headers.json: No such file"),
    ],
)
def test_worker_that_cannot_start_says_why_once_and_exits(
    start: Start, tmp_path: Path, variables: dict[str, str], message: str
) -> None:
    process = start(ENCODE_BULK, **variables)
    assert process.wait(60) == os.EX_CONFIG
    log = (tmp_path / "worker.log").read_text()
    assert log.count("cannot start") == 1
    assert message in log
