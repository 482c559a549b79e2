"""What the faults did: a table for people, JSON for programs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import pytest


@dataclass(frozen=True, slots=True)
class Result:
    """One case; `recovery_s` is the time from the fault to the end of the job it met."""

    case: str
    held: bool
    recovery_s: float
    done: str
    expected: str
    observed: str


# Name under which a test's report carries its result.
FAULT: Final = "fault"


class Collected:
    """A plugin of pytest that takes the results out of the tests' reports, whichever process made them."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the result of a test that was called."""
        if report.when == "call":
            self.results += [Result(**value) for name, value in report.user_properties if name == FAULT]


def table(results: list[Result]) -> str:
    """Return the results as a Markdown table, a line each."""
    lines = ["| case | done | expected | observed | held | recovery, s |", "|---|---|---|---|---|---|"]
    for r in results:
        held = "yes" if r.held else "NO"
        lines.append(f"| {r.case} | {r.done} | {r.expected} | {r.observed} | {held} | {r.recovery_s} |")
    failed = sum(not r.held for r in results)
    return "\n".join([*lines, f"{len(results)} cases, {failed} did not hold"])


def write(results: list[Result], path: Path) -> None:
    """Write the results as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(r) for r in results], indent=2) + "\n", encoding="utf-8")
