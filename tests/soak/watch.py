"""What every process, Redis and the spool hold, looked at every few seconds."""

import contextlib
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from benchmarks.report import memory_mb
from shared.routing import QUEUES
from tests.soak.site import Site

# Kept for a day and an hour whatever becomes of the jobs: not what could leak.
_KEPT = ("idem", "queries")
# By MEMORY USAGE: the record of a comparison with its evidence.
_ANSWER_MB = 0.0065


@dataclass(frozen=True)
class ProcessSample:
    """A process; the child of an encoder, which has the models, goes by `<name> child`."""

    name: str
    pid: int
    rss_mb: float
    fds: int
    threads: int


@dataclass(frozen=True)
class Sample:
    """One look. What Redis holds is empty where it did not answer; `keys` are by kind."""

    at_s: float
    processes: list[ProcessSample]
    keys: dict[str, int]
    redis_mb: float | None
    queued: int | None
    unacked: int | None
    active: int | None
    files: int
    folders: int
    temporary: int
    done: int
    troubles: int

    def passing_mb(self) -> float | None:
        """Return what Redis uses besides answers to questions, kept for an hour; None if it was away."""
        if self.redis_mb is None:
            return None
        return round(self.redis_mb - _ANSWER_MB * self.keys.get("queries", 0), 2)

    def passing_keys(self) -> int | None:
        """Return the number of keys that belong to jobs and must go with them; None if Redis was away."""
        return sum(n for kind, n in self.keys.items() if kind not in _KEPT) if self.keys else None


@dataclass
class Watch:
    """Samples in a thread of its own. `jobs` are all that the ledger ever showed, and whether sealed."""

    site: Site
    every_s: float
    done: Callable[[], int]
    troubles: Callable[[], int]
    samples: list[Sample] = field(default_factory=list)
    jobs: dict[str, bool] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch")
        self._began = 0.0
        self._redis = Redis(port=self.site.stack.redis_port, decode_responses=True, socket_timeout=5)

    def start(self, began: float) -> None:
        """Begin; `began` is when the soak did, by the monotonic clock."""
        self._began = began
        self._thread.start()

    def stop(self) -> None:
        """Look once more and end."""
        self._stop.set()
        self._thread.join()
        self._look()
        self._redis.close()

    def _run(self) -> None:
        while not self._stop.wait(self.every_s):
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - the soak must go on, and must not hold
                self.wrong.append(f"the watch failed: {error!r}")

    def _look(self) -> None:
        keys: Counter[str] = Counter()
        memory = queued = unacked = active = None
        with contextlib.suppress(RedisError):
            keys = self._keys()
            memory = round(int(self._redis.info("memory")["used_memory"]) / 2**20, 2)
            queued = sum(int(self._redis.llen(f"doppel:{queue}")) for queue in QUEUES)
            unacked = int(self._redis.hlen("doppel:unacked"))
            active = int(self._redis.zcard("doppel:jobs")) - int(self._redis.zcard("doppel:ended"))
        kinds = spooled(self.site.stack.run_dir / "spool")
        self.samples.append(
            Sample(
                round(time.monotonic() - self._began, 1),
                list(self._processes()),
                dict(keys),
                memory,
                queued,
                unacked,
                active,
                kinds["file"],
                kinds["folder"],
                kinds["temporary"],
                self.done(),
                self.troubles(),
            )
        )

    def _keys(self) -> Counter[str]:
        """Count the keys by kind, and note the jobs."""
        jobs = list(self._redis.zrange("doppel:jobs", 0, -1))
        for job in jobs:
            self.jobs[job] = (
                self.jobs.get(job, False) or self._redis.hget(f"doppel:job:{job}", "sealed") == "1"
            )
        found: Counter[str] = Counter()
        records = 0
        for key in self._redis.scan_iter(count=1000):
            parts = str(key).removeprefix("doppel:").split(":")
            if parts[0] == "job":
                records += len(parts) == 2
                found["job parts"] += len(parts) > 2
            else:
                found[parts[0] if len(parts) > 1 else "others"] += 1
        return found + Counter({"jobs": min(records, len(jobs)), "queries": max(0, records - len(jobs))})

    def _processes(self) -> Iterator[ProcessSample]:
        children = _children()
        for name, process in list(self.site.stack.processes.items()):
            if process.alive:
                pids = {name: process.pid}
                pids |= {f"{name} child": pid for pid in children[process.pid] if _is_pool_child(pid)}
                for each, pid in pids.items():
                    with contextlib.suppress(OSError, StopIteration):
                        yield _process(each, pid)


def _process(name: str, pid: int) -> ProcessSample:
    folder = Path(f"/proc/{pid}")
    threads, fds = (len(list((folder / kind).iterdir())) for kind in ("task", "fd"))
    return ProcessSample(name, pid, round(memory_mb(pid), 2), fds, threads)


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            found[parent].append(int(stat.parent.name))
    return found


def _is_pool_child(pid: int) -> bool:
    # The other child of a worker counts semaphores.
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def spooled(folder: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    # Unlike rglob it outlives a folder that goes away meanwhile.
    for path, folders, files in os.walk(folder):
        if path == str(folder):
            # What a gateway writes to see whether the spool takes writes belongs to no job.
            folders[:] = [name for name in folders if name != "health"]
        found["folder"] += len(folders)
        for name in files:
            found["temporary" if "#" in name else "file"] += 1
    return found
