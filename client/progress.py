"""Live progress of a job: bars on a terminal, lines elsewhere."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from client.models import Job
from client.stages import duration, line, stages

_LINE_EVERY_S = 2.0


class ProgressView(Protocol):
    """Shows a job's progress while it is open as a context manager."""

    def __call__(self, job: Job) -> None:
        """Take note of how far the job is."""

    def __enter__(self) -> "ProgressView":
        """Start to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last state standing."""


class Bars:
    """One bar per stage, below it the rate and the estimate."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=40),
            TextColumn("{task.fields[numbers]}"),
            TextColumn("[dim]{task.fields[note]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, job: Job) -> None:
        """Move the bars."""
        for stage in stages(job):
            if stage.name not in self._tasks:
                self._tasks[stage.name] = self._progress.add_task(stage.name, total=None, numbers="", note="")
            self._progress.update(
                self._tasks[stage.name],
                total=stage.total,
                completed=stage.done,
                numbers=f"{stage.text} {stage.unit}",
                note=_note(job) if stage.name == job.stage and not job.ended else "",
            )

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


class Lines:
    """One line when the stage changes, and every two seconds; `clock` is in seconds."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._stage: str | None = None
        self._said = ""
        self._due = 0.0

    def __call__(self, job: Job) -> None:
        """Print a line when one is due and says something new."""
        now, text = self._clock(), line(job)
        stage = job.status if job.ended else job.stage
        if text != self._said and (stage != self._stage or now >= self._due):
            self._console.print(text, markup=False, highlight=False)
            self._stage, self._said, self._due = stage, text, now + _LINE_EVERY_S

    def __enter__(self) -> "Lines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


def progress_view(console: Console) -> ProgressView:
    """Return what suits the console."""
    return Bars(console) if console.is_terminal else Lines(console)


def _note(job: Job) -> str:
    parts = [f"{job.rate:,.1f} listings/s"] if job.rate else []
    if job.eta_seconds is not None:
        parts.append(f"{duration(job.eta_seconds)} left")
    return ", ".join(parts)
