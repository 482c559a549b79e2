"""A stack whose processes reach Redis through proxies, may be crashed, and are started when they end."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from redis import Redis

from local.environment import ROOT
from local.ports import free_port
from local.stack import PROCESSES, Stack
from shared import crash
from shared.routing import QUEUES
from tests.conftest import wait_until
from tests.faults.proxy import Proxy
from tests.support import files_in

SETTINGS = {
    "DOPPEL_CHUNK_LISTINGS": "4",
    "DOPPEL_SLICE_LISTINGS": "16",
    "DOPPEL_LEASE_S": "2",
    "DOPPEL_RECONCILE_EVERY_S": "0.5",
    "DOPPEL_VISIBILITY_TIMEOUT_S": "5",
    "DOPPEL_CACHE_TTL_S": "0",
    "DOPPEL_FETCH_TIMEOUT_S": "2",
    "DOPPEL_FETCH_PRIVATE_NETWORKS": '["127.0.0.2/32"]',
    "DOPPEL_QUERY_DEADLINE_S": "5",
    "DOPPEL_STALLED_S": "3",
    "DOPPEL_BEHIND_S": "5",
}
# Generous: a slow machine is no fault.
_READY_S = 180
OTHER_MODEL = "encoder.3"
# Ends of names: the wall clock of such a process is off.
AHEAD, BEHIND = "ahead", "behind"
_OFF_S = {AHEAD: 3600, BEHIND: -3600}
_APART = (
    f"encoder.{AHEAD}",
    f"encoder.{BEHIND}",
    f"interactive.{AHEAD}",
    f"index.{AHEAD}",
    f"gateway.{AHEAD}",
)
_SPARE = ("encoder.2", OTHER_MODEL, "gateway.2", "reconciler.2", "index.2", *_APART)


class Plant:
    """The processes. Use as a context manager."""

    def __init__(self, settings: Mapping[str, str] = SETTINGS) -> None:
        self.stack = Stack(profile="deterministic", settings=settings)
        self._crashes = self.stack.run_dir / "crash"
        self._crashes.mkdir()
        # Points in here are armed for the process that `changed` was told about it, and for no other.
        self.private = self.stack.run_dir / "crash-private"
        self.private.mkdir()
        self.stack.env[crash.VARIABLE] = str(self._crashes)
        self.proxies: dict[str, Proxy] = {}
        self.ports = {name: free_port() for name in _SPARE if name.startswith("gateway")}
        usual = dict(self.stack.env)
        for name in (*PROCESSES[1:], *_SPARE):
            self.proxies[name] = Proxy(self.stack.redis_port)
            self.stack.env["DOPPEL_REDIS_URL"] = f"redis://127.0.0.1:{self.proxies[name].port}/0"
            if name in self.ports:
                self.stack.env["DOPPEL_GATEWAY_PORT"] = str(self.ports[name])
            if name == OTHER_MODEL:
                self.stack.env["DOPPEL_PROFILE"] = _other_profile(self.stack.run_dir)
            if name in _APART:
                self.stack.env["DOPPEL_CLOCK_OFF_S"] = str(_OFF_S[name.rpartition(".")[2]])
                self.stack.env["PYTHONPATH"] = str(ROOT / "tests" / "faults" / "clock")
            self.stack.process(name)
            self.stack.env = dict(usual)
        self.redis = Redis(port=self.stack.redis_port, decode_responses=True)
        self.restarts: Counter[str] = Counter()
        self._healthy = True

    def __enter__(self) -> Self:
        self.stack.up()
        self.ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.redis.close()
        self.stack.close()
        for proxy in self.proxies.values():
            proxy.close()

    def begin(self) -> None:
        """Start a case: nothing armed, everything healthy."""
        for file in (*self._crashes.iterdir(), *self.private.iterdir()):
            file.unlink()
        for proxy in self.proxies.values():
            proxy.heal()
        for name in _SPARE:
            self.stack.stop(name)
        self.restarts.clear()
        if not self._healthy:
            # What the last case left behind is not this one's business.
            for name in reversed(PROCESSES):
                self.stack.kill(name)
            self.redis.close()
            self.stack.up()
        self._healthy = False
        self.supervise()
        self.ready()

    def end(self) -> None:
        """End a case that held: the stack goes on as it is."""
        self._healthy = True

    def ready(self) -> None:
        """Wait until all that was started can work."""
        self.stack.wait_ready(_READY_S)

    @staticmethod
    def hold(seconds: float) -> None:
        """Let a fault last."""
        threading.Event().wait(seconds)

    def arm(self, point: str, which: str = "") -> None:
        """Let the next process that comes to the point crash, or hang there when it ends in `.hang`.

        With `which`, every process that meets that crashes.
        """
        assert point.removesuffix(".hang") in crash.POINTS
        (self._crashes / (f"{point}.{which}" if which else point)).touch()

    def crashed(self, point: str) -> bool:
        """Say whether an armed point was reached."""
        return not (self._crashes / point).exists()

    @contextmanager
    def changed(self, name: str, **settings: str) -> Iterator[None]:
        """Run a process with other settings while the block lasts."""
        usual, env = self.stack.processes[name], self.stack.env
        self.stack.stop(name)
        del self.stack.processes[name]
        self.stack.env = (
            env | {"DOPPEL_REDIS_URL": f"redis://127.0.0.1:{self.proxies[name].port}/0"} | settings
        )
        self.stack.process(name)
        self.stack.env = env
        self.stack.start(name)
        try:
            self.ready()
            yield
        finally:
            self.stack.stop(name)
            self.stack.processes[name] = usual
            self.stack.start(name)

    def supervise(self) -> None:
        """Start again what ended by itself, as a container runtime does."""
        for name, process in self.stack.processes.items():
            if process.died and name not in _SPARE:
                self.restarts[name] += 1
                self.stack.start(name)

    def drained(self, timeout_s: float = 40) -> None:
        """Wait until ledger and queues hold no work, and no message is unacknowledged."""

        def left() -> dict[str, Any]:
            found = {queue: self.redis.llen(f"doppel:{queue}") for queue in QUEUES}
            found |= {
                "leases": self.redis.zcard("doppel:leases"),
                "unacked": self.redis.hlen("doppel:unacked"),
            }
            return {name: count for name, count in found.items() if count}

        def empty() -> bool:
            self.supervise()
            return not left()

        wait_until(empty, timeout_s, every_s=0.05, what=left)

    def nothing_left(self) -> None:
        """Wait until Redis holds no embeddings, units or notes of any job, and the disk no temporary file."""

        def left() -> list[str]:
            keys = (
                *self.redis.scan_iter("doppel:emb:*", count=1000),
                *self.redis.scan_iter("doppel:job:*:*", count=1000),
                *self.redis.scan_iter("doppel:payload:*", count=1000),
            )
            spool = self.stack.run_dir / "spool"
            files = [str(f) for f in files_in(spool) if f.suffix not in (".json", ".ndjson")]
            return [str(key) for key in keys] + [f for f in files if "/images/" not in f or "#" in f]

        wait_until(lambda: not left(), timeout_s=150, every_s=0.5, what=left)


def _other_profile(folder: Path) -> str:
    """Write a profile whose images are encoded by another model; return the path of its manifest."""
    manifest = json.loads((ROOT / "artifacts" / "deterministic" / "profile.json").read_text())
    manifest["image"]["model"] += "-next"
    path = folder / "other-profile.json"
    path.write_text(json.dumps(manifest))
    return str(path)
