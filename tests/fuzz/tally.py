"""What the calls of a campaign came to: a table for people, JSON for programs."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from schemathesis import Response
from schemathesis.engine.events import EngineEvent, FatalError, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder


def _code(response: Response) -> str:
    try:
        return str(response.json()["code"])
    except (ValueError, KeyError, TypeError):
        # Not ours, which is another check's business.
        return ""


@dataclass(slots=True)
class Tally:
    """Calls by operation, media type of the body ("" without one) and status (0: no answer), and failures.

    `codes` counts problems by operation with media type and by code, `filled` pages with something on them.
    """

    caller: str
    seed: int
    calls: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many requests were sent."""
        return self.calls.total()

    def add(self, event: EngineEvent) -> None:
        """Count what an event of the engine tells."""
        if isinstance(event, ScenarioFinished):
            self.phases[event.phase.value] += len(event.recorder.interactions)
            self._add_calls(event.recorder)
            self._add_failures(event.recorder)
        elif isinstance(event, NonFatalError):
            self.failures.append({"operation": event.label, "check": "engine", "said": str(event.value)})
        elif isinstance(event, FatalError):
            self.failures.append({"operation": "", "check": "engine", "said": repr(event.exception)})

    def _add_calls(self, recorder: ScenarioRecorder) -> None:
        for case_id, interaction in recorder.interactions.items():
            case = recorder.cases[case_id].value
            status = interaction.response.status_code if interaction.response else 0
            self.calls[case.operation.label, case.media_type or "", status] += 1
            self.filled[case.operation.label] += (
                status == 200 and b'"items":[{' in interaction.response.content
            )
            if interaction.response and status >= 400:
                sent = f"{case.operation.label} {case.media_type or ''}".strip()
                self.codes[sent, _code(interaction.response)] += 1
            if not status:
                said = f"no answer to {case.method} {case.formatted_path}"
                self.failures.append({"operation": case.operation.label, "check": "answer", "said": said})

    def _add_failures(self, recorder: ScenarioRecorder) -> None:
        for case_id, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is None:
                    continue
                response = recorder.interactions[case_id].response
                self.failures.append(
                    {
                        "operation": recorder.cases[case_id].value.operation.label,
                        "check": check.name,
                        "said": f"{check.failure_info.failure.title}: {check.failure_info.failure.message}",
                        "request": check.failure_info.code_sample,
                        "answer": f"{response.status_code} {response.text[:500]}" if response else "",
                    }
                )

    def problems(self) -> dict[str, dict[str, int]]:
        """Return how often each operation refused a form of its body with each code."""
        found: dict[str, dict[str, int]] = {}
        for (sent, code), count in sorted(self.codes.items()):
            found.setdefault(sent, {})[code] = count
        return found

    def statuses(self) -> dict[str, dict[int, int]]:
        """Return how often each operation answered with each status."""
        found: dict[str, Counter[int]] = {}
        for (operation, _, status), count in sorted(self.calls.items()):
            found.setdefault(operation, Counter())[status] += count
        return {operation: dict(sorted(counts.items())) for operation, counts in found.items()}

    def succeeded(self, operation: str, media_type: str | None = None) -> int:
        """Return how many calls of an operation got past every validation."""
        return sum(
            count
            for (named, sent, status), count in self.calls.items()
            if named == operation and media_type in (None, sent) and 200 <= status < 300
        )

    def document(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return {
            "caller": self.caller,
            "seed": self.seed,
            "calls": self.total,
            "phases": dict(self.phases),
            "operations": self.statuses(),
            "problems": self.problems(),
            "failures": self.failures,
        }


TALLIES = pytest.StashKey[list[Tally]]()


def table(tallies: Iterable[Tally]) -> str:
    """Return the statuses that each operation answered with as a Markdown table."""
    lines = ["| caller | operation | statuses (calls) |", "|---|---|---|"]
    sums = []
    for tally in tallies:
        for operation, counts in tally.statuses().items():
            seen = ", ".join(f"{status} ({count})" for status, count in counts.items())
            lines.append(f"| {tally.caller} | {operation} | {seen} |")
        sums.append(f"{tally.caller}: {tally.total} calls, seed {tally.seed}, {len(tally.failures)} failures")
    return "\n".join([*lines, *sums])


def write(tallies: Iterable[Tally], path: Path) -> None:
    """Write all campaigns as JSON."""
    campaigns = [tally.document() for tally in tallies]
    path.parent.mkdir(parents=True, exist_ok=True)
    total = sum(campaign["calls"] for campaign in campaigns)
    path.write_text(json.dumps({"calls": total, "campaigns": campaigns}, indent=2) + "\n", encoding="utf-8")
