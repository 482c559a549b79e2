"""`make up`: what ends is started again, and what cannot start says why."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from client import Doppel
from local.background import Background
from local.errors import LocalError
from local.leftovers import stack_pids
from tests.conftest import wait_until


def pid_of(run_dir: Path, part: str) -> int | None:
    """Return the id of the stack's oldest process whose command line has `part`."""
    pids = [pid for pid in sorted(stack_pids(run_dir)) if part in command(pid)]
    return pids[0] if pids else None


def is_another(run_dir: Path, part: str, killed: int) -> bool:
    return pid_of(run_dir, part) not in (None, killed)


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except OSError:
        return ""


def test_whatever_is_killed_is_started_again(tmp_path: Path) -> None:
    background = Background(tmp_path)
    state = background.up({"DOPPEL_PROFILE": "deterministic", "DOPPEL_LEASE_S": "2"})
    try:
        for part in ("redis-server", "-Q encode.interactive"):
            killed = pid_of(tmp_path, part)
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            wait_until(partial(is_another, tmp_path, part, killed))
        with Doppel(state.url) as doppel:
            assert doppel.dedup({"title": "Red mug"}, {"title": "Red mug"}).verdict
        assert background.state() == state
        assert "interactive ended with status -9" in (tmp_path / "logs/supervisor.log").read_text()
    finally:
        assert background.down()
    assert stack_pids(tmp_path) == []


def test_what_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    background = Background(tmp_path)
    with pytest.raises(LocalError, match=r"^(encoder|interactive) ended with status 78(.|\n)*no profile at"):
        background.up({"DOPPEL_PROFILE": "nope"})
    assert stack_pids(tmp_path) == []
    assert background.state() is None
