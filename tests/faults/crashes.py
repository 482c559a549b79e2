"""Each crash point once: the process is killed there, and the outcome is that of the run without a crash."""

from shared.crash import POINTS
from tests.conftest import wait_until
from tests.faults.bench import ENCODING, Bench
from tests.faults.case import SAME, Act, case

# What one of these processes does when it crashes in the middle of an upload is for the client to repeat.
_UPLOAD = ("chunk-spooled", "chunk-recorded", "upload-stored", "upload-sealed")
_QUERY = ("query-encoded", "query-answered")
_RESTORE = ("job-restored", "ledger-restored")
_SWEEP = ("sweep-found",)
# In the usual test run: one point of each kind.
_FAST = frozenset({"block-written", "chunk-committed", "upload-sealed", "job-forgotten", "query-encoded"})


def in_upload(point: str) -> Act:
    def act(bench: Bench) -> None:
        bench.arm(point)
        bench.struck()
        job = bench.insist()
        assert bench.crashed(point)
        assert bench.restarts["gateway"] == 1
        bench.holds(job)

    return act


def in_job(point: str) -> Act:
    def act(bench: Bench) -> None:
        bench.arm(point)
        job = bench.submit()
        wait_until(lambda: bench.crashed(point), timeout_s=60)
        bench.struck()
        bench.holds(job)

    return act


def in_query(point: str) -> Act:
    def act(bench: Bench) -> None:
        bench.arm(point)
        sides = {"a": {"title": "Red mug 350 ml"}, "b": {"title": "red mug 0.35 l"}}
        asked = bench.shop.http.post("/api/dedup", json=sides).raise_for_status().json()
        wait_until(lambda: bench.crashed(point), timeout_s=30)
        bench.struck()
        ended: list[str] = []

        def told() -> bool:
            bench.supervise()
            job = bench.job(asked["id"]) or {"status": ""}
            ended[:] = [job["status"], (job.get("error") or {}).get("code", "")]
            return job["status"] in ("succeeded", "failed")

        wait_until(told, timeout_s=20)
        assert ended in (["succeeded", ""], ["failed", "deadline_exceeded"])
        bench.observed.append(" ".join(ended))
        bench.drained()
        bench.ready()
        again = bench.shop.http.post("/api/dedup", json=sides, headers={"Prefer": "wait=5"})
        assert again.json()["status"] == "succeeded"

    return act


def in_sweep(point: str) -> Act:
    def act(bench: Bench) -> None:
        # An encoder that dies here leaves a lease to be found, which one killed at any time may not.
        bench.arm("encode-claimed")
        bench.arm(point)
        job = bench.submit()
        wait_until(lambda: bench.crashed(point), timeout_s=30)
        bench.struck()
        bench.holds(job)

    return act


def in_restore(point: str) -> Act:
    def act(bench: Bench) -> None:
        jobs = [bench.submit(), bench.submit()]
        bench.strike_at(jobs[0], ENCODING)
        bench.arm(point)
        bench.redis.flushall()
        wait_until(lambda: bench.crashed(point), timeout_s=30)
        for job in jobs:
            bench.holds(job)

    return act


for _point in sorted(POINTS):
    _make, _expected = in_job, SAME
    if _point in _UPLOAD:
        _make, _expected = in_upload, "the client repeats with its key: one job, the same outcome"
    elif _point in _QUERY:
        _make, _expected = in_query, "answered, or told by the deadline; the next query is answered"
    elif _point in _RESTORE:
        _make, _expected = in_restore, "every job restored, the same outcome"
    elif _point in _SWEEP:
        _make = in_sweep
    _act = _make(_point)
    _act.__name__ = f"crash_{_point}"
    case(f"the process kills itself at `{_point}`", _expected, slow=_point not in _FAST)(_act)
