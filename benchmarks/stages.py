"""Where the CPU time of a process goes: a stopwatch for functions, each without those it calls."""

import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stages:
    """CPU seconds, calls and rows per stage; a stage within another counts for itself alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self.rows: dict[str, int] = defaultdict(int)
        self._running: list[str] = []
        self._since = 0.0

    def watch(self, owner: object, name: str, stage: str, rows: Callable[..., int] | None = None) -> None:
        """Measure a method of an object or a class, or a function of a module; `rows` counts by arguments."""
        measured = getattr(owner, name)

        @functools.wraps(measured)
        def watched(*args: object, **named: object) -> object:
            with self.stage(stage):
                self.rows[stage] += rows(*args, **named) if rows else 0
                return measured(*args, **named)

        setattr(owner, name, watched)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a block."""
        self._turn()
        self._running.append(name)
        self.calls[name] += 1
        try:
            yield
        finally:
            self._turn()
            self._running.pop()

    def clear(self) -> None:
        """Forget what was measured."""
        for figures in (self.seconds, self.calls, self.rows):
            figures.clear()

    def _turn(self) -> None:
        now = time.process_time()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now
