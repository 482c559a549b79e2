"""Redis killed, frozen, full, damaged and empty."""

import shutil
import signal
from pathlib import Path

from tests.conftest import wait_until
from tests.faults.bench import ENCODING, MATCHING, Bench, Moment
from tests.faults.case import Act, case


def killed(moment: Moment) -> Act:
    def act(bench: Bench) -> None:
        job = bench.submit()
        bench.strike_at(job, moment)
        bench.stack.restart("redis")
        bench.holds(job)

    return act


for _moment, _when, _slow in ((ENCODING, "encoding", True), (MATCHING, "matching", True)):
    _act = killed(_moment)
    _act.__name__ = f"redis_killed_{_when}"
    case(f"kill -9 of Redis in the middle of {_when}, and a new one on its file", slow=_slow)(_act)


@case("Redis is killed three times within 10 s", slow=True)
def redis_killed_thrice(bench: Bench) -> None:
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    for _ in range(3):
        bench.stack.restart("redis")
        bench.hold(3)
    bench.holds(job)


@case("Redis is ended and comes back after 8 s", slow=True)
def redis_away(bench: Bench) -> None:
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    bench.stack.stop("redis")
    bench.hold(8)
    bench.stack.start("redis")
    bench.holds(job)


def frozen(seconds: float) -> Act:
    def act(bench: Bench) -> None:
        job = bench.submit()
        bench.strike_at(job, ENCODING)
        bench.stack.process("redis").signal(signal.SIGSTOP)
        bench.hold(seconds)
        bench.stack.process("redis").signal(signal.SIGCONT)
        bench.holds(job)

    return act


for _seconds in (8, 30):
    _act = frozen(_seconds)
    _act.__name__ = f"redis_frozen_{_seconds}_s"
    case(f"Redis is halted for {_seconds} s", slow=True, bound_s=150)(_act)


@case("Redis forgets everything (FLUSHALL)", "restored from the spool, the same outcome")
def redis_emptied(bench: Bench) -> None:
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    bench.redis.flushall()
    bench.holds(job)


def _folder(bench: Bench) -> Path:
    return bench.stack.run_dir / "redis"


@case("Redis is killed and its folder deleted", "restored from the spool, the same outcome", slow=True)
def redis_wiped(bench: Bench) -> None:
    job = bench.submit()
    bench.strike_at(job, MATCHING)
    bench.stack.kill("redis")
    shutil.rmtree(_folder(bench))
    _folder(bench).mkdir()
    bench.stack.start("redis")
    bench.holds(job)


@case("Redis is killed and the last 1,500 bytes of its file are cut off", slow=True)
def redis_file_cut(bench: Bench) -> None:
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    bench.stack.kill("redis")
    file = _folder(bench) / "appendonly.aof"
    with file.open("r+b") as opened:
        opened.truncate(max(0, file.stat().st_size - 1500))
    bench.stack.start("redis")
    bench.holds(job)


@case("Redis has no memory left for 6 s")
def redis_full(bench: Bench) -> None:
    job = bench.submit()
    bench.strike_at(job, ENCODING)
    bench.redis.config_set("maxmemory", "1mb")
    answer = bench.shop.http.post("/api/dedup", json={"a": {"title": "x"}, "b": {"title": "y"}})
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"]
    bench.hold(6)
    bench.redis.config_set("maxmemory", "0")
    wait_until(lambda: bench.shop.http.get("/health/accepting").status_code == 200)
    bench.holds(job)
