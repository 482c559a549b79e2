"""Runs named cases in this process under limits that end it, and says what became of each.

Prints a line of JSON before and after each case, so that who reads it knows which one ended the process.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

Case = TypeVar("Case")
ROOT = Path(__file__).parents[2]


def limited(
    cases: Iterable[tuple[str, Case]], outcome: Callable[[Case], Any], deadline_s: float, memory_bytes: int
) -> None:
    """Run the cases; one that takes more than its share of processor time ends the process.

    Processor time, as a busy machine should fail nothing; its signal ends a process also within C code.
    """
    cases = list(cases)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    for name, case in cases:
        sys.stdout.write(json.dumps({"name": name}) + "\n")
        sys.stdout.flush()
        signal.setitimer(signal.ITIMER_PROF, deadline_s)
        start = time.process_time()
        found = outcome(case)
        seconds = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        line = {"name": name, "outcome": found, "seconds": round(seconds, 3), "peak_mib": _peak_mib()}
        sys.stdout.write(json.dumps(line) + "\n")


def outcomes(module: str, *arguments: str) -> dict[str, dict[str, Any]]:
    """Run a module that calls `limited`; return its lines by name.

    Raises:
        AssertionError: the process did not reach its end; says at which case.
    """
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, *arguments],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, f"ended by {run.returncode} at {lines[-1:]}: {run.stderr[-2000:]}"
    found = {line["name"]: line for line in lines if "outcome" in line}
    assert 2 * len(found) == len(lines), "two cases have one name"
    return found


def _peak_mib() -> int:
    """Return the most memory this program held.

    `ru_maxrss` would begin with what the process that started it held: it survives exec.
    """
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024
