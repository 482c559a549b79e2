"""A gateway that takes no more work than there is room for, with a real Redis and a real disk."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from prometheus_client import Counter
from redis import Redis

from services.gateway.admission import Admission
from services.gateway.main import create_app
from services.gateway.problems import Problem
from services.gateway.upload.formats import NDJSON, Limits
from services.gateway.upload.receiver import Receiver, Upload
from services.gateway.upload.rows import Columns
from shared.broker import Publisher, make_celery
from shared.ids import new_id
from shared.ledger import Ledger
from shared.ledger.load import Load, memory_share
from shared.messages import JobOptions
from shared.pressure import UPLOAD_SHARE, Pressure
from shared.settings import CommonSettings, GatewaySettings
from shared.spool import Spool
from tests.conftest import wait_until
from tests.gate import TITLES, code

ROW = b'{"id":"%d","title":"Cup"}\n'
SUBMISSION, REMATCH, DEDUP, SEARCH = "submissions", "rematches", "dedup", "search"
BULK, QUERIES = (SUBMISSION, REMATCH), (DEDUP, SEARCH)


@pytest.fixture
def redis(settings: CommonSettings) -> Iterator[Redis]:
    with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        yield client
        client.config_set("maxmemory", 0)


def fill(redis: Redis, share: float) -> None:
    """Make what Redis uses now this share of what it may use."""
    redis.config_set("maxmemory", int(redis.info("memory")["used_memory"] / share))


@pytest.fixture
def gateway(settings: CommonSettings) -> Iterator[Callable[..., TestClient]]:
    """Make gateways with settings of their own."""
    opened: list[TestClient] = []

    def make(**limits: Any) -> TestClient:
        app = create_app(settings, GatewaySettings(chunk_listings=10, **limits))
        opened.append(TestClient(app).__enter__())
        return opened[-1]

    yield make
    for client in opened:
        client.__exit__(None, None, None)


def ask(http: TestClient, what: str, key: str = "", listings: int = 1) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    if what == SUBMISSION:
        body = b"".join(ROW % number for number in range(listings))
        headers |= {"Content-Type": NDJSON}
        return http.post("/api/catalogs/shop/submissions", content=body, headers=headers)
    if what == REMATCH:
        return http.post("/api/catalogs/shop/rematches", headers=headers)
    document = TITLES if what == DEDUP else {"title": "Cup", "catalog": "shop"}
    return http.post(f"/api/{what}", json=document, headers=headers)


def check_busy(answer: Response) -> None:
    assert code(answer) == (429, "service_busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("what", [*BULK, *QUERIES])
def test_work_is_refused_before_redis_is_full_and_taken_again_when_it_is_not(
    gateway: Callable[..., TestClient], redis: Redis, ledger: Ledger, spool: Spool, what: str
) -> None:
    http = gateway()
    earlier = ask(http, what, key="earlier").json()["id"]
    kept = list(spool.keys("jobs"))
    fill(redis, 0.8)
    fresh = gateway()
    check_busy(ask(fresh, what, key="later"))
    # It is about new work only: what was accepted can be repeated, looked at and cancelled.
    assert ask(fresh, what, key="earlier").json()["id"] == earlier
    assert fresh.get(f"/api/jobs/{earlier}").status_code == 200
    assert fresh.delete(f"/api/jobs/{earlier}").json()["status"] == "cancelled"
    assert "doppel_redis_memory_share 0." in fresh.get("/metrics").text
    assert 'doppel_refusals_total{short="memory"} 1.0' in fresh.get("/metrics").text
    assert {record.id for record in ledger.recent(None, 10)} <= {earlier}
    assert set(spool.keys("jobs")) - set(kept) <= {f"jobs/{earlier}/finished.json"}
    redis.config_set("maxmemory", 0)
    wait_until(lambda: ask(fresh, what, key="later").status_code == 202)


@pytest.mark.parametrize("what", [*BULK, *QUERIES])
def test_a_redis_that_is_full_is_an_outage(
    gateway: Callable[..., TestClient], redis: Redis, what: str
) -> None:
    redis.config_set("maxmemory", 1)
    answer = ask(gateway(), what)
    assert code(answer) == (503, "ledger_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_submissions_and_rematches_end_at_so_many_units_in_work(gateway: Callable[..., TestClient]) -> None:
    first = ask(gateway(), SUBMISSION, "first", listings=35).json()["id"]
    # A gateway that has just started looks at once.
    for what in BULK:
        check_busy(ask(gateway(admit_units=4), what))
    http = gateway(admit_units=4)
    assert ask(http, SUBMISSION, "first", listings=35).json()["id"] == first
    assert ask(http, DEDUP).status_code == 202
    assert "doppel_units 4.0" in http.get("/metrics").text
    assert ask(gateway(admit_units=5), SUBMISSION).status_code == 202


def test_questions_end_at_so_many_that_wait(gateway: Callable[..., TestClient]) -> None:
    for what in QUERIES:
        assert ask(gateway(), what).status_code == 202
    for what in QUERIES:
        check_busy(ask(gateway(admit_queries=2), what))
        assert ask(gateway(admit_queries=3), SUBMISSION).status_code == 202
    assert ask(gateway(admit_queries=3), DEDUP).status_code == 202


def test_uploads_leave_a_reserve_of_the_disk(
    gateway: Callable[..., TestClient], ledger: Ledger, spool: Spool
) -> None:
    http = gateway(spool_min_free_bytes=2**62)
    answer = ask(http, SUBMISSION, key="k")
    assert code(answer) == (507, "storage_full")
    assert int(answer.headers["Retry-After"]) > 0
    assert (ledger.recent(None, 10), list(spool.job_ids())) == ([], [])
    # The reserve is for results: of what is there, of rematches.
    assert ask(http, REMATCH).status_code == 202
    assert ask(gateway(), SUBMISSION, key="k").status_code == 202


def test_the_share_is_of_what_redis_may_use() -> None:
    assert memory_share({"used_memory": 5, "maxmemory": 10, "total_system_memory": 100}) == 0.5
    assert memory_share({"used_memory": 5, "maxmemory": 0, "total_system_memory": 100}) == 0.05
    assert memory_share({"used_memory": 5, "maxmemory": 0}) == 0


def test_redis_is_looked_at_once_a_second() -> None:
    now, looks = [0.0], iter((Load(0.1, 0, 0), Load(0.2, 0, 0)))
    pressure = Pressure(lambda: next(looks), clock=lambda: now[0])
    assert [pressure.load().memory for _ in range(3)] == [0.1] * 3
    now[0] = 1.0
    assert [pressure.load().memory for _ in range(3)] == [0.2] * 3


class Upped:
    """An upload over a real Redis and spool, while the load and the disk are what the test says."""

    def __init__(self, settings: CommonSettings, ledger: Ledger, spool: Spool, loads: list[float]) -> None:
        self.loads, self.pauses, self.free = loads, 0, 10**9
        self._settings, self._ledger, self._spool = settings, ledger, spool
        upload = self

        class Disk(Spool):
            def free_bytes(self) -> int:
                return upload.free

        pressure = Pressure(lambda: Load(self.loads[0], 0, 0), every_s=0)
        refusals = Counter("refusals", "x", ["short"], registry=None)
        disk = Disk(spool._store)
        self.admission = Admission(pressure, disk, GatewaySettings(), refusals, self._pause)

    def _pause(self, _: float) -> None:
        self.pauses += 1
        if len(self.loads) > 1:
            self.loads.pop(0)

    def blocks(self, _: Callable[[], None]) -> Iterator[bytes]:
        for number in range(20):
            yield ROW % number
            self.between(number)

    def between(self, number: int) -> None:
        """Happens after every row."""

    def receive(self) -> str:
        upload = Upload(new_id(), NDJSON, Columns(), JobOptions(catalog="shop"))
        body: Any = self
        with ThreadPoolExecutor(2) as pool, make_celery("t", self._settings, publisher_only=True) as app:
            Receiver(
                self._spool, self._ledger, Publisher(app), pool, limits=Limits(10**6, 10**5, 10**5, 100),
                chunk_listings=5, slice_listings=10, go_on=self.admission.go_on,
            ).receive(upload, body, lambda: None)  # fmt: skip
        return upload.job_id


def test_an_upload_in_progress_waits_for_room(settings: CommonSettings, ledger: Ledger, spool: Spool) -> None:
    upload = Upped(settings, ledger, spool, [UPLOAD_SHARE, 0.99, UPLOAD_SHARE - 0.01])
    job_id = upload.receive()
    assert ledger.read(job_id).counts["rows"] == 20
    assert upload.pauses == 2


@pytest.mark.parametrize(
    ("short", "expected"), [("memory", (429, "service_busy")), ("disk", (507, "storage_full"))]
)
def test_an_upload_that_finds_no_room_leaves_nothing(
    settings: CommonSettings, ledger: Ledger, spool: Spool, short: str, expected: tuple[int, str]
) -> None:
    class Running(Upped):
        def between(self, number: int) -> None:
            if number == 12 and short == "memory":
                self.loads[0] = UPLOAD_SHARE
            elif number == 12:
                self.free = 1000

    upload = Running(settings, ledger, spool, [0.1])
    with pytest.raises(Problem) as refused:
        upload.receive()
    assert (refused.value.status, refused.value.code) == expected
    assert int(refused.value.headers["Retry-After"]) > 0
    (record,) = ledger.recent(None, 10)
    assert (record.status, record.counts["rows"], record.error and record.error["code"]) == (
        "failed",
        10,
        expected[1],
    )
    assert list(spool.job_ids()) == []


def test_an_upload_in_progress_takes_little_of_redis(
    settings: CommonSettings, ledger: Ledger, redis: Redis
) -> None:
    """What the decision on admission says of it: less than 2 kB for a chunk, whatever its listings."""
    job_id = new_id()
    ledger.create(job_id, JobOptions(catalog="shop"), 256)
    before = redis.info("memory")["used_memory"]
    with make_celery("t", settings, publisher_only=True) as app:
        publisher = Publisher(app)
        for chunk in range(500):
            hint = ledger.add_chunk(job_id, chunk, 32)
            assert hint is not None
            publisher.hint(hint)
    per_chunk = (redis.info("memory")["used_memory"] - before) / 500
    assert per_chunk < 2000, per_chunk
