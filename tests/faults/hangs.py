"""Workers that live and do not work: they hang, take nothing, are halted; and whether health says so."""

from typing import Any

import httpx

from tests.conftest import wait_until
from tests.faults.bench import ENCODING, MATCHING, Bench
from tests.faults.case import Act, case
from tests.support import Json

_LIMIT_S = 4


def hangs(name: str, point: str, limit: str, said: str) -> Act:
    """The next task that comes to the point never returns."""

    def act(bench: Bench) -> None:
        with bench.changed(name, **{limit: str(_LIMIT_S)}):
            bench.arm(f"{point}.hang")
            job = bench.submit()
            wait_until(lambda: bench.crashed(f"{point}.hang"), timeout_s=30)
            bench.struck()
            bench.holds(job)
            assert said in bench.stack.output(name)
            bench.observed.append("ended at its limit")

    return act


for _name, _points, _limit, _said in (
    (
        "encoder",
        ("encode-claimed", "block-written"),
        "DOPPEL_TASK_LIMIT_S",
        f"Hard time limit ({_LIMIT_S}.0s)",
    ),
    ("index", ("match-claimed", "chunk-committed", "groups-made"), "DOPPEL_INDEX_LIMIT_S", "a task hangs"),
):
    for _point in _points:
        _act = hangs(_name, _point, _limit, _said)
        _act.__name__ = f"{_name}_hangs_at_{_point}"
        _done = f"a task of the {_name} hangs at `{_point}`; {_LIMIT_S} s are its limit"
        case(_done, slow=_point != _points[0])(_act)


def wedged(name: str) -> Act:
    """The process lives and its consumer never asks for a message again."""

    def act(bench: Bench) -> None:
        with bench.changed(name, DOPPEL_WEDGED_S="3", DOPPEL_CRASH_DIR=str(bench.private)):
            (bench.private / "message-awaited.hang").touch()
            wait_until(lambda: not list(bench.private.iterdir()), timeout_s=30)
            bench.struck()
            job = bench.submit()
            bench.holds(job)
            assert bench.restarts[name] == 1
            assert "messages wait, and this worker took none" in bench.stack.output(name)

    return act


for _name in ("encoder", "index"):
    _act = wedged(_name)
    _act.__name__ = f"{_name}_wedged"
    _done = f"the {_name} stops asking for messages and lives on; it may do so for 3 s"
    case(_done, slow=_name == "index")(_act)


# -- whether health tells ----------------------------------------------------------------------------


def _health(bench: Bench) -> tuple[int, dict[str, str]]:
    """Return the status of readiness and what it says about each check that does not hold."""
    answer = bench.shop.http.get("/health/ready")
    body: Json = answer.json()
    wrong = {check["name"]: check["detail"] for check in body["checks"] if not check["ok"]}
    assert (answer.status_code == httpx.codes.OK) == (not wrong)
    return answer.status_code, wrong


def _green(bench: Bench) -> None:
    wait_until(lambda: not _health(bench)[1], timeout_s=40, what=lambda: _health(bench))


def _red(bench: Bench, check: str, timeout_s: float = 30) -> None:
    """Wait until a check is red; submissions are accepted all the while."""
    wait_until(lambda: check in _health(bench)[1], timeout_s, what=lambda: _health(bench))
    bench.observed.append(f"{check}: {_health(bench)[1].get(check, '')[:60]}")
    assert bench.shop.http.get("/health/accepting").status_code == httpx.codes.OK


_TOLD = "/health/ready says so, submissions are accepted, green again afterwards; the same outcome"


@case("the encoder is halted with a job waiting, until health says that nothing is done", _TOLD)
def halted_encoder_is_told(bench: Bench) -> None:
    _green(bench)
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    bench.stack.freeze("encoder")
    _red(bench, "encode.bulk.progress")
    bench.stack.thaw("encoder")
    bench.holds(job)
    _green(bench)


@case("the index worker is halted with a job waiting, until health says that it is gone", _TOLD, slow=True)
def halted_index_is_told(bench: Bench) -> None:
    _green(bench)
    job = bench.submit()
    bench.strike_at(job, MATCHING)
    bench.stack.freeze("index")
    for check in ("index.progress", "index.behind", "index"):
        _red(bench, check)
    bench.stack.thaw("index")
    bench.holds(job)
    _green(bench)


def gone(name: str, role: str) -> Act:
    def act(bench: Bench) -> None:
        _green(bench)
        bench.struck()
        bench.stack.kill(name)
        _red(bench, role)
        bench.stack.start(name)
        bench.ready()
        _green(bench)
        bench.holds(bench.submit())

    return act


_ROLES: dict[str, Any] = {
    "encoder": "encode.bulk",
    "interactive": "encode.interactive",
    "index": "index",
    "reconciler": "reconciler",
}
for _name, _role in _ROLES.items():
    _act = gone(_name, _role)
    _act.__name__ = f"{_name}_gone_is_told"
    case(f"kill -9 of the {_name}, started again when health says that it is gone", _TOLD, slow=True)(_act)
