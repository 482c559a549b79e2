"""What comes in another order than it was sent, and results that are read over a broken line."""

import contextlib
import socket
import sqlite3

from shared.broker import Publisher, make_celery
from shared.messages import UnitHint
from shared.routing import ENCODE_BULK
from shared.settings import CommonSettings
from tests.conftest import wait_until
from tests.faults.bench import Bench
from tests.faults.case import case
from tests.support import Json


@case(
    "the messages of a job are lost; a later job writes other titles of the same listings before them",
    "the later titles stay, whoever comes last; a rematch finds what one submission of them finds",
    slow=True,
)
def older_job_comes_last(bench: Bench) -> None:
    catalog, old = "reordered", [row | {"title": f"Old title {row['id']}"} for row in bench.listings]
    bench.stack.freeze("encoder")
    first, second = bench.submit(old, catalog), bench.submit(catalog=catalog)
    bench.struck()
    bench.redis.delete(f"doppel:{ENCODE_BULK}")
    settings = CommonSettings(redis_url=bench.stack.redis_url, spool_url=str(bench.stack.run_dir / "spool"))
    with make_celery("reorder", settings, publisher_only=True) as app:
        hints = (UnitHint(job_id=second, stage="encode", unit=str(unit)) for unit in range(60))
        Publisher(app).hint(*hints)
    bench.stack.thaw("encoder")
    jobs = [bench.ends(job) for job in (second, first)]
    assert jobs[0]["ended_at"] < jobs[1]["ended_at"]
    path = bench.stack.run_dir / "catalogs" / catalog / "catalog.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        titles = dict(store.execute("SELECT id, title FROM listings"))
    assert len(titles) == len(bench.listings)
    assert not [title for title in titles.values() if title.startswith("Old title")]
    again = bench.shop.http.post(f"/api/catalogs/{catalog}/rematches").raise_for_status().json()["id"]
    bench.holds(str(again))


@case(
    "every page of results is broken off in the middle once, and the gateway is killed in between",
    "going on at the same cursor gives what one read gives",
)
def download_broken_off(bench: Bench) -> None:
    job = bench.submit()
    bench.ends(job)
    whole = bench.shop.rows(job, "pairs")
    bench.struck()
    found: list[Json] = []
    path: str | None = f"/api/jobs/{job}/pairs?limit={len(whole) // 4}"
    while path is not None:
        with socket.create_connection(("127.0.0.1", bench.stack.gateway_port)) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert client.recv(200)
        if len(found) == len(whole) // 4:
            bench.stack.restart("gateway")
            wait_until(lambda: bench.answers(f"{bench.stack.url}/health/live"), timeout_s=30)
        page = bench.shop.http.get(path).raise_for_status().json()
        found += page["items"]
        path = page["next"]
    assert found == whole
    bench.holds(job)
