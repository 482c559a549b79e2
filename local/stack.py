"""Every process of Doppel on this machine, each of which can be started, stopped, killed and restarted."""

import atexit
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from redis import Redis
from redis.exceptions import RedisError

from local.environment import ROOT, stack_environment
from local.errors import LocalError
from local.ports import free_port
from local.process import Process
from local.procfile import read_procfile
from local.readiness import Readiness, wait_until

PROCESSES = ("redis", "gateway", "reconciler", "encoder", "interactive", "index")
_CLOSE_S = 8


def process_names(encoders: int) -> list[str]:
    """Return the names of all processes of a stack with so many bulk encoders."""
    return [*PROCESSES, *(f"encoder.{number}" for number in range(2, encoders + 1))]


class Stack:
    """A stack in one folder, on ports of its own; as a context manager it leaves no process behind.

    Process names are those of the Procfile; `encoder.2` is a second process of the line `encoder`. `settings`
    are `DOPPEL_…` variables for all of them, e.g. `{"DOPPEL_LEASE_S": "2"}`. Without a `run_dir` a temporary
    folder is made and removed at the end. Nothing is started yet.
    """

    def __init__(
        self,
        run_dir: Path | None = None,
        *,
        profile: str = "bundled",
        settings: Mapping[str, str] | None = None,
        redis_port: int | None = None,
        gateway_port: int | None = None,
        procfile: Path = ROOT / "Procfile",
    ) -> None:
        self._temporary = run_dir is None
        self.run_dir = (run_dir or Path(tempfile.mkdtemp(prefix="doppel-"))).absolute()
        self.redis_port = redis_port or free_port()
        self.gateway_port = gateway_port or free_port()
        self.env = stack_environment(
            self.run_dir,
            self.redis_port,
            self.gateway_port,
            {"DOPPEL_PROFILE": profile} | dict(settings or {}),
        )
        self.processes: dict[str, Process] = {}
        self._commands = read_procfile(procfile)
        atexit.register(self.close)

    @property
    def url(self) -> str:
        """Address of the gateway."""
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def redis_url(self) -> str:
        """Address of Redis."""
        return self.env["DOPPEL_REDIS_URL"]

    def process(self, name: str) -> Process:
        """Return a process by name, started or not.

        Raises:
            LocalError: the Procfile has no such line.
        """
        if name not in self.processes:
            line = name.split(".", 1)[0]
            if line not in self._commands:
                raise LocalError(f"no process {line!r} in the Procfile: {', '.join(self._commands)}")
            log = self.run_dir / "logs" / f"{name}.log"
            self.processes[name] = Process(name, self._commands[line], cwd=ROOT, env=self.env, log=log)
        return self.processes[name]

    def up(self, *names: str, encoders: int = 1) -> None:
        """Start the named processes (none named: all of `PROCESSES`, with so many bulk encoders)."""
        for name in names or process_names(encoders):
            self.start(name)

    def start(self, name: str) -> Process:
        """Start one process; Redis is waited for, as the others need it at once."""
        process = self.process(name)
        process.start()
        if name == "redis":
            wait_until(self._redis_answers, "a Redis that answers", 60, process.check, every_s=0.02)
        return process

    def stop(self, name: str, timeout_s: float = 15) -> int | None:
        """Ask one process to end and wait for it."""
        return self.process(name).stop(timeout_s)

    def kill(self, name: str) -> int | None:
        """End one process and its children with SIGKILL."""
        return self.process(name).kill()

    def restart(self, name: str) -> Process:
        """Kill one process and start it again."""
        self.kill(name)
        return self.start(name)

    def freeze(self, name: str) -> None:
        """Halt one process and its children (SIGSTOP) until `thaw`."""
        self.process(name).signal_group(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen process go on."""
        self.process(name).signal_group(signal.SIGCONT)

    def output(self, name: str) -> str:
        """Return all that a process wrote."""
        return self.process(name).output()

    def check(self) -> None:
        """Raise when a process ended by itself.

        Raises:
            LocalError: names it and shows the end of its log.
        """
        for process in self.processes.values():
            process.check()

    def wait_ready(self, timeout_s: float = 60) -> None:
        """Wait until the gateway takes work, the running workers are there, and queries are answered.

        Raises:
            LocalError: a process ended, or the time is up.
        """
        readiness = Readiness(self.url, self.redis_url, self.run_dir / "logs", self.env.get("DOPPEL_API_KEY"))
        try:
            alive = [process.name for process in self.processes.values() if process.alive]
            readiness.wait(alive, timeout_s, self.check)
        finally:
            readiness.close()

    def close(self) -> None:
        """Ask everything to end, kill what has not after a few seconds; remove a temporary folder."""
        running = [p for p in self.processes.values() if p.alive and p.name != "redis"]
        for process in running:
            process.ask_to_end()
        deadline = time.monotonic() + _CLOSE_S
        for process in running:
            process.wait(max(0.0, deadline - time.monotonic()))
        for process in self.processes.values():
            if process.name != "redis":
                process.kill()
        # Last, and asked to: its file is then complete.
        if "redis" in self.processes:
            self.stop("redis")
        if self._temporary:
            shutil.rmtree(self.run_dir, ignore_errors=True)
        atexit.unregister(self.close)

    def _redis_answers(self) -> bool:
        try:
            with Redis(port=self.redis_port, socket_timeout=1) as redis:
                return bool(redis.ping())
        except RedisError:
            return False

    def __enter__(self) -> "Stack":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
