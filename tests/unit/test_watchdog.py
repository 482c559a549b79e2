"""What decides that a worker is stuck; that it then ends is shown on processes, in tests/faults/hangs.py."""

from dataclasses import dataclass, field

from shared.errors import LedgerUnavailable
from shared.watchdog import ConsumerWatch, HangWatch
from tests.conftest import wait_until


@dataclass
class Worker:
    """A worker, as its watch sees it."""

    messages: int = 1
    works: bool = False
    away: bool = False
    ended: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch = ConsumerWatch(self.waiting, lambda: self.works, 60, self.ended.append)

    def waiting(self) -> int:
        if self.away:
            raise LedgerUnavailable("away")
        return self.messages

    def look(self, times: int) -> bool:
        """Let the watch look so often; say whether it ended the worker."""
        for _ in range(times):
            self.watch.look()
        return bool(self.ended)


def test_a_worker_that_takes_nothing_is_ended() -> None:
    worker = Worker()
    assert not worker.look(6)
    assert worker.look(1)
    assert "took none for 60 s" in worker.ended[0]


def test_a_worker_with_something_to_do_is_left_alone() -> None:
    assert not Worker(works=True).look(50)


def test_an_empty_queue_is_nobodys_fault() -> None:
    assert not Worker(messages=0).look(50)


def test_a_redis_that_is_away_is_nobodys_fault() -> None:
    assert not Worker(away=True).look(50)


def test_whatever_happens_meanwhile_begins_anew() -> None:
    for happens in ("took", "works", "messages", "away"):
        worker = Worker()
        worker.look(6)
        if happens == "took":
            worker.watch.took()
        else:
            usual = getattr(worker, happens)
            setattr(worker, happens, not usual)
            worker.look(1)
            setattr(worker, happens, usual)
        assert not worker.look(6), happens
        assert worker.look(1), happens


def test_a_task_that_hangs_ends_its_process() -> None:
    ended: list[str] = []
    watch = HangWatch(0.05, ended.append)
    watch.begin()
    wait_until(lambda: ended)
    watch.done()
    assert "hangs for 0.05 s" in ended[0]


def test_a_task_that_ends_in_time_ends_nothing() -> None:
    ended: list[str] = []
    watch = HangWatch(0.2, ended.append)
    for _ in range(3):
        watch.begin()
        watch.done()
    watch.begin()
    wait_until(lambda: ended)
    watch.done()
    assert len(ended) == 1
