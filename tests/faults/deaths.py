"""Processes killed, ended, frozen and doubled while they work."""

import random

from tests.conftest import wait_until
from tests.faults.bench import ENCODING, INGESTING, MATCHING, Bench, Moment
from tests.faults.case import Act, case

WORKERS = ("encoder", "interactive", "index", "reconciler")


def killed(name: str, moment: Moment) -> Act:
    def act(bench: Bench) -> None:
        job = bench.submit()
        bench.strike_at(job, moment)
        bench.stack.restart(name)
        bench.holds(job)

    return act


for _name, _moment, _when, _slow in (
    ("encoder", ENCODING, "encoding", False),
    ("index", INGESTING, "ingesting", True),
    ("index", MATCHING, "matching", False),
    ("gateway", ENCODING, "encoding", True),
    ("reconciler", ENCODING, "encoding", True),
):
    _act = killed(_name, _moment)
    _act.__name__ = f"{_name}_killed_{_when}"
    case(f"kill -9 of the {_name} in the middle of {_when}, and a new one", slow=_slow)(_act)


@case("kill -9 of every process but Redis at once, all started again after 5 s", slow=True)
def everything_killed(bench: Bench) -> None:
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    names = (*WORKERS, "gateway")
    for name in names:
        bench.stack.kill(name)
    bench.hold(5)
    bench.stack.up(*names)
    bench.holds(job)


@case("kill -9 of a random worker every 3 s while 4 jobs run", slow=True, bound_s=180)
def rolling_kills(bench: Bench) -> None:
    dice = random.Random(3)
    jobs = [bench.submit() for _ in range(4)]
    bench.struck()
    for _ in range(8):
        bench.hold(3)
        bench.stack.restart(dice.choice(WORKERS))
    for job in jobs:
        bench.holds(job)


@case("TERM to the encoder five times while it works, each time a new one", slow=True, bound_s=150)
def encoder_deployed(bench: Bench) -> None:
    jobs = [bench.submit() for _ in range(3)]
    bench.strike_at(jobs[0], ENCODING)
    for _ in range(5):
        bench.stack.stop("encoder", timeout_s=45)
        bench.stack.start("encoder")
        wait_until(lambda: bench.stack.process("encoder").alive)
        bench.hold(2)
    for job in jobs:
        bench.holds(job)


@case("the encoder is halted for longer than its lease and wakes up when another has done its work")
def encoder_frozen(bench: Bench) -> None:
    bench.stack.start("encoder.2")
    bench.ready()
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    bench.stack.freeze("encoder")
    bench.hold(6)
    bench.stack.thaw("encoder")
    bench.holds(job)


@case("the index worker is halted for 10 s", slow=True)
def index_frozen(bench: Bench) -> None:
    job = bench.submit()
    bench.strike_at(job, INGESTING)
    bench.stack.freeze("index")
    bench.hold(10)
    bench.stack.thaw("index")
    bench.holds(job)


@case("TERM to the whole stack, Redis included, with a job in flight; a cold start", slow=True, bound_s=150)
def cold_start(bench: Bench) -> None:
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    names = (*WORKERS, "gateway", "redis")
    for name in names:
        bench.stack.stop(name, timeout_s=45)
    bench.stack.up(*reversed(names))
    bench.holds(job)


@case("two reconcilers, and the leader is killed in mid-job", slow=True)
def two_reconcilers(bench: Bench) -> None:
    bench.stack.start("reconciler.2")
    bench.ready()
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    bench.stack.restart("encoder")
    bench.stack.restart("reconciler")
    bench.holds(job)


@case("two gateways; the job that one took is read from the other while the first is killed", slow=True)
def two_gateways(bench: Bench) -> None:
    bench.stack.start("gateway.2")
    job = bench.submit()
    bench.struck()
    bench.stack.restart("gateway")
    url = f"http://127.0.0.1:{bench.ports['gateway.2']}/api/jobs/{job}"
    wait_until(lambda: bench.answers(url), timeout_s=30)
    bench.holds(job)


@case("a second index worker is started on the same catalogs", "it says why and ends; the first goes on")
def two_index_workers(bench: Bench) -> None:
    job = bench.submit()
    bench.struck()
    process = bench.stack.start("index.2")
    wait_until(lambda: not process.alive, timeout_s=40)
    assert "only one may run on a folder of catalogs" in bench.stack.output("index.2")
    bench.holds(job)
