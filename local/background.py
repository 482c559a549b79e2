"""A stack that goes on in the background, under a supervisor, until it is told to stop."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from client.session import KEY_VARIABLE
from local.environment import ROOT, stack_environment
from local.errors import LocalError
from local.leftovers import end_leftovers, stack_pids
from local.ports import free_port, is_free
from local.readiness import Readiness
from local.stack import process_names
from shared.key_file import KeysUnreadable, read_keys
from shared.keys import recognise

_USUAL_PORT = 8080


@dataclass(frozen=True, slots=True)
class State:
    """What `stack.json` says of a running stack."""

    pid: int
    url: str
    redis_url: str
    logs: str


class Background:
    """The stack whose data, logs and `stack.json` lie in `run_dir`."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir.absolute()
        self._child: subprocess.Popen[bytes] | None = None
        self._file = self._run_dir / "stack.json"
        self._logs = self._run_dir / "logs"
        self._log = self._logs / "supervisor.log"

    def state(self) -> State | None:
        """Return the running stack, or None."""
        try:
            state = State(**json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return state if state.pid in stack_pids(self._run_dir) or _is_alive(state.pid) else None

    def up(self, settings: Mapping[str, str], *, encoders: int = 1, timeout_s: float = 180) -> State:
        """Start a stack and wait until it can work.

        `settings` are `DOPPEL_…` variables for all processes.

        Raises:
            LocalError: one runs already, a setting does not fit, a process ended (the message shows its last
                lines), or time is up.
        """
        if running := self.state():
            raise LocalError(f"a stack runs already at {running.url} (stop it: make down)")
        end_leftovers(self._run_dir)
        port = _gateway_port(settings)
        _check_key(settings)
        env = stack_environment(self._run_dir, free_port(), port, settings)
        for old in self._logs.glob("*.log"):
            old.unlink()
        with self._log.open("wb") as log:
            self._child = child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "local.supervisor", str(encoders)],
                cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        state = State(child.pid, f"http://127.0.0.1:{port}", env["DOPPEL_REDIS_URL"], str(self._logs))
        self._file.write_text(json.dumps(asdict(state), indent=2) + "\n", encoding="utf-8")
        try:
            self._wait(state, child, process_names(encoders), timeout_s, env.get(KEY_VARIABLE))
        except BaseException:
            self.down()
            raise
        return state

    def down(self, timeout_s: float = 20) -> bool:
        """Stop the stack; return whether there was one. Nothing of it is left running."""
        state = self.state()
        if state is not None:
            os.kill(state.pid, signal.SIGTERM)
            deadline = time.monotonic() + timeout_s
            while stack_pids(self._run_dir) and time.monotonic() < deadline:
                time.sleep(0.1)
        left = end_leftovers(self._run_dir)
        if self._child is not None:
            self._child.wait(5)
        self._file.unlink(missing_ok=True)
        return state is not None or left > 0

    def _wait(
        self,
        state: State,
        child: "subprocess.Popen[bytes]",
        started: Iterable[str],
        timeout_s: float,
        key: str | None,
    ) -> None:
        def check() -> None:
            if child.poll() is not None:
                said = self._log.read_text(encoding="utf-8", errors="replace").strip()
                raise LocalError(said or f"the stack ended and did not say why; logs: {self._logs}")

        readiness = Readiness(state.url, state.redis_url, self._logs, key)
        try:
            readiness.wait(started, timeout_s, check)
        finally:
            readiness.close()


def _gateway_port(settings: Mapping[str, str]) -> int:
    wanted = settings.get("DOPPEL_GATEWAY_PORT")
    if wanted is None:
        return _USUAL_PORT if is_free(_USUAL_PORT) else free_port()
    if not wanted.isdecimal() or not 1 <= int(wanted) <= 65535:
        raise LocalError(f"DOPPEL_GATEWAY_PORT is {wanted!r}: a port is a number from 1 to 65535")
    if not is_free(int(wanted)):
        raise LocalError(f"port {wanted} is taken: free it, or choose another with DOPPEL_GATEWAY_PORT")
    return int(wanted)


def _check_key(settings: Mapping[str, str]) -> None:
    """Refuse keys without one that this process may ask with whether the stack works."""
    file = settings.get("DOPPEL_KEYS_FILE")
    if file is None:
        return
    try:
        keys = {key.id: key for key in read_keys(ROOT / file)}
    except KeysUnreadable as error:
        raise LocalError(f"DOPPEL_KEYS_FILE cannot be used: {error}") from error
    key = recognise(keys, settings.get(KEY_VARIABLE, ""))
    if key is None or not key.has_role("submit"):
        raise LocalError(f"the gateway has API keys: set {KEY_VARIABLE} to one of them that may submit")


def _is_alive(pid: int) -> bool:
    # Only where there is no /proc to ask whose process this is.
    if Path("/proc").is_dir():
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
