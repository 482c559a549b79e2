"""One process of the stack, in a process group of its own, its output captured in a file."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.errors import LocalError

_LAST_LINES = 20


def last_lines(text: str, count: int = _LAST_LINES) -> str:
    """Return the last lines of a log, for a message."""
    return "\n".join(text.splitlines()[-count:])


class Process:
    """A shell command that can be stopped, killed and started again; its log goes on across restarts."""

    def __init__(self, name: str, command: str, *, cwd: Path, env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._cwd = cwd
        self._env = dict(env)
        self._child: subprocess.Popen[bytes] | None = None
        self._end_wanted = False

    @property
    def pid(self) -> int:
        """Process id of the program, which is also the id of its process group.

        Raises:
            LocalError: it was never started.
        """
        if self._child is None:
            raise LocalError(f"{self.name} was not started")
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the program runs."""
        return self._child is not None and self._child.poll() is None

    @property
    def returncode(self) -> int | None:
        """Exit status (negative: the signal that ended it), None while it runs or before its first start."""
        return None if self._child is None else self._child.poll()

    @property
    def died(self) -> bool:
        """Whether it ended, or could not go on, without `stop` or `kill` being called."""
        return self.returncode is not None and not self._end_wanted

    def output(self) -> str:
        """Return all that it wrote so far, over all its runs."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def check(self) -> None:
        """Raise when it ended by itself.

        Raises:
            LocalError: names it and shows the end of its log.
        """
        if self.died:
            end = f"{self.name} ended with status {self.returncode}; the end of {self.log}:"
            raise LocalError(f"{end}\n{last_lines(self.output())}")

    def start(self) -> None:
        """Start it.

        Raises:
            LocalError: it runs already.
        """
        if self.alive:
            raise LocalError(f"{self.name} runs already (pid {self.pid})")
        self._end_wanted = False
        with self.log.open("ab") as log:
            # `exec`, so that the program itself gets the signals.
            self._child = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", f"exec {self._command}"],
                cwd=self._cwd, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def signal(self, number: int) -> None:
        """Send a signal to the program alone, if it runs."""
        if self._child is not None and self.alive:
            self._child.send_signal(number)

    def signal_group(self, number: int) -> None:
        """Send a signal to the program and to its children, also to those that outlived it."""
        if self._child is not None:
            try:
                os.killpg(self._child.pid, number)
            except (ProcessLookupError, PermissionError):
                return

    def wait(self, timeout_s: float) -> int | None:
        """Wait for the program's end; return its exit status, None when it still runs after `timeout_s`."""
        if self._child is None:
            return None
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, timeout_s: float = 15) -> int | None:
        """Ask it to end (TERM to the program alone), wait, and kill what is left; return its exit status."""
        self.ask_to_end()
        self.wait(timeout_s)
        return self.kill()

    def ask_to_end(self) -> None:
        """Send TERM to the program alone: its children are its own business."""
        self._end_wanted = True
        self.signal_group(signal.SIGCONT)
        self.signal(signal.SIGTERM)

    def kill(self) -> int | None:
        """End program and children at once (`kill -9`); return the exit status."""
        self._end_wanted = True
        self.signal_group(signal.SIGKILL)
        return self.wait(10)
