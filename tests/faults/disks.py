"""A disk that is full, and a database file whose end was never written."""

import io
import resource
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.conftest import wait_until
from tests.faults.bench import INGESTING, MATCHING, Bench, Moment
from tests.faults.case import Act, case
from tests.support import files_in, ndjson


@contextmanager
def _full_disk(bench: Bench, name: str, most_bytes: int) -> Iterator[None]:
    """Let no file of a process grow beyond so many bytes, which fails as a full disk does."""
    pid, usual = bench.stack.process(name).pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, usual)


def index_full(moment: Moment) -> Act:
    def act(bench: Bench) -> None:
        job = bench.submit()
        bench.strike_at(job, moment)
        with _full_disk(bench, "index", 1000):
            bench.hold(6)
        bench.holds(job)

    return act


for _moment, _when in ((INGESTING, "ingesting"), (MATCHING, "matching")):
    _act = index_full(_moment)
    _act.__name__ = f"disk_full_{_when}"
    case(f"the index worker's disk is full for 6 s in the middle of {_when}", slow=_when == "matching")(_act)


@case(
    "the gateway's disk is full during an upload",
    "503, nothing kept; later the same upload works",
)
def disk_full_in_upload(bench: Bench) -> None:
    bench.struck()
    spooled = bench.stack.run_dir / "spool" / "jobs"
    before = set(spooled.iterdir())
    with _full_disk(bench, "gateway", 500):
        answers = [bench.post(bench.listings, "disk-full", "disk-full"), _post_zip(bench)]
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert answer.headers["Retry-After"]
    bench.drained()
    wait_until(
        lambda: (
            not [f for new in set(spooled.iterdir()) - before for f in files_in(new) if f.suffix == ".json"]
        )
    )
    bench.observed.append("503, nothing kept")
    bench.holds(bench.insist_once("disk-full"))


def _post_zip(bench: Bench) -> httpx.Response:
    """Submit a ZIP, which is received into a temporary file."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("listings.ndjson", ndjson(bench.listings))
    return bench.shop.http.post(
        "/api/catalogs/disk-full/submissions",
        content=body.getvalue(),
        headers={"Content-Type": "application/zip"},
    )


@case("the index worker is killed before the ledger knows of a chunk; the end of its log is lost", slow=True)
def store_torn(bench: Bench) -> None:
    bench.arm("chunk-committed")
    job = bench.submit()
    wait_until(lambda: bench.crashed("chunk-committed"), timeout_s=60)
    bench.struck()
    bench.stack.process("index").wait(5)
    folder = bench.stack.run_dir / "catalogs" / bench.shop.job(job)["catalog"]
    with (folder / "catalog.db-wal").open("r+b") as log:
        log.truncate((folder / "catalog.db-wal").stat().st_size - 700)
    bench.holds(job)
