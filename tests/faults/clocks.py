"""Machines that do not agree about the time."""

from concurrent.futures import ThreadPoolExecutor

from tests.conftest import wait_until
from tests.faults.bench import Bench
from tests.faults.case import case
from tests.faults.plant import AHEAD, BEHIND
from tests.support import Json, ndjson

_SIDES = {"a": {"title": "Red mug 350 ml"}, "b": {"title": "red mug 0.35 l"}}


@case(
    "clocks of encoders are an hour ahead and an hour behind, those of index worker and queries ahead",
    "the outcome of the run without the fault; a comparison is answered",
)
def clocks_apart(bench: Bench) -> None:
    for name in ("interactive", "index"):
        bench.stack.stop(name, timeout_s=45)
        bench.stack.start(f"{name}.{AHEAD}")
    bench.stack.start(f"encoder.{AHEAD}")
    bench.stack.start(f"encoder.{BEHIND}")
    bench.ready()
    job = bench.submit()
    bench.struck()
    asked = bench.shop.http.post("/api/dedup", json=_SIDES, headers={"Prefer": "wait=10"})
    assert asked.json()["status"] == "succeeded", asked.text
    bench.holds(job)
    for name in ("interactive", "index"):
        bench.stack.stop(f"{name}.{AHEAD}", timeout_s=45)
        bench.stack.start(name)
    bench.ready()


@case("two gateways, one an hour ahead, get 20 submissions with one key at once", "one job", slow=True)
def gateways_apart(bench: Bench) -> None:
    ahead = f"gateway.{AHEAD}"
    bench.stack.start(ahead)
    urls = [f"http://127.0.0.1:{port}" for port in (bench.stack.gateway_port, bench.ports[ahead])]
    wait_until(lambda: all(bench.answers(f"{url}/health/live") for url in urls), timeout_s=30)
    body = ndjson(bench.listings)

    def submit(number: int) -> Json:
        url = f"{urls[number % 2]}/api/catalogs/clocks/submissions"
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "clocks"}
        return dict(bench.shop.http.post(url, content=body, headers=headers).json())

    bench.struck()
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(submit, range(20)))
    jobs = {answer["id"] for answer in found if "id" in answer}
    assert len(jobs) == 1
    told = {answer.get("code") for answer in found if "id" not in answer}
    assert told <= {"idempotency_in_progress"}
    bench.observed.append("one job")
    bench.holds(jobs.pop())
