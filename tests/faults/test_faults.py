"""Every fault of the table, against real processes; after each the invariants hold."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.crash import POINTS
from tests.faults import (  # noqa: F401 - they fill the table
    clients,
    clocks,
    crashes,
    damage,
    deaths,
    disks,
    hangs,
    network,
    order,
    outages,
    poison,
    pressure,
    rematches,
)
from tests.faults.bench import Bench
from tests.faults.case import CASES, Case
from tests.faults.report import Result

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.timeout(case.bound_s + 240), *([pytest.mark.slow] if case.slow else [])],
        )
        for case in CASES
    ],
)
def test_fault(case: Case, bench: Bench, record: Callable[[Result], None]) -> None:
    bench.begin()
    started, held, observed = time.monotonic(), False, ""
    try:
        case.act(bench)
        assert time.monotonic() - started < case.bound_s
        bench.end()
        held = True
    except BaseException as error:
        held, observed = False, str(error).split("\n", 1)[0][:120]
        raise
    finally:
        restarts = ", ".join(f"{name} started {count} x" for name, count in sorted(bench.restarts.items()))
        told = "; ".join(part for part in (*bench.observed, restarts, observed) if part)
        record(Result(case.name, held, bench.recovery_s(), case.done, case.expected, told))


def test_every_crash_point_exists_and_has_its_case() -> None:
    sources = [
        path.read_text()
        for folder in ("services", "workers", "shared")
        for path in (ROOT / folder).rglob("*.py")
    ]
    called = {name for text in sources for name in re.findall(r'crash_at\("([a-z-]+)"', text)}
    # The one call that is made for every stage.
    called |= {
        f"{stage}-{end}" for stage in ("encode", "ingest", "match", "finish") for end in ("claimed", "done")
    }
    assert called == POINTS
    assert {name for case in CASES for name in POINTS if case.name == f"crash-{name}"} == POINTS
