"""Processes of a stack that outlived what should have ended them, found by the run folder they were given."""

import os
import signal
import time
from pathlib import Path

_PROC = Path("/proc")


def stack_pids(run_dir: Path) -> list[int]:
    """Return the ids of all processes of the stack in `run_dir`; none where the system has no /proc."""
    mark = f"DOPPEL_RUN_DIR={run_dir}".encode()
    found = []
    for folder in _PROC.glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark in environment and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def end_leftovers(run_dir: Path, timeout_s: float = 5) -> int:
    """Kill what is left of the stack in `run_dir` and return how many processes that were."""
    found = stack_pids(run_dir)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    deadline = time.monotonic() + timeout_s
    while stack_pids(run_dir) and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(found)
