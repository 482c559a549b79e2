"""Doppel as its users have it: a whole stack, from the submission over HTTP until the job is done."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

import httpx

from benchmarks.encoders.cost import Cost, session_cpu_s
from local.stack import Stack

PROCESSES: Final = ("redis", "gateway", "reconciler", "encoder", "index")
ONE_THREAD: Final = {
    "DOPPEL_BULK_THREADS": "1",
    "DOPPEL_INDEX_THREADS": "1",
    # Every round brings the same photos; nothing may be remembered.
    "DOPPEL_CACHE_TTL_S": "0",
}
_WAIT_S: Final = 1800


class Service:
    """A stack whose models are loaded; as a context manager it leaves no process behind.

    `spent` are the CPU-seconds of all jobs so far, by process, and by `encoder.<stage>` what encoders tell.
    """

    def __init__(self, profile: str, settings: Mapping[str, str] | None = None) -> None:
        self.stack = Stack(profile=profile, settings=ONE_THREAD | dict(settings or {}))
        self.spent: Counter[str] = Counter()
        self._catalogs = 0

    def __enter__(self) -> Self:
        self.stack.up(*PROCESSES)
        self.stack.wait_ready(timeout_s=300)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def run(self, archive: bytes, catalog: str | None = None) -> Cost:
        """Submit a ZIP, to a new catalog unless one is named, and return what the job cost.

        Raises:
            RuntimeError: the job did not succeed, or refused a listing.
        """
        self._catalogs += 1
        before, told = self._by_process(), self._told()
        started = time.monotonic()
        self._finish(archive, catalog or f"new-{self._catalogs}")
        wall_s = time.monotonic() - started
        spent = self._by_process()
        spent.subtract(before)
        stages = self._told()
        stages.subtract(told)
        self.spent.update(spent)
        self.spent.update(stages)
        return Cost(sum(spent.values()), wall_s)

    def _finish(self, archive: bytes, catalog: str) -> None:
        with httpx.Client(base_url=self.stack.url, timeout=_WAIT_S, trust_env=False) as http:
            answer = http.post(
                f"/api/catalogs/{catalog}/submissions",
                content=archive,
                headers={"Content-Type": "application/zip"},
            )
            answer.raise_for_status()
            job, deadline = answer.json(), time.monotonic() + _WAIT_S
            while job["status"] not in ("succeeded", "failed", "cancelled"):
                self.stack.check()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the job did not end: {job}")
                job = http.get(f"/api/jobs/{job['id']}", headers={"Prefer": "wait=20"}).json()
        if job["status"] != "succeeded" or job["counts"]["rejected"]:
            raise RuntimeError(f"the job was not what it should be: {job}")

    def _by_process(self) -> Counter[str]:
        running = (process for process in self.stack.processes.values() if process.alive)
        return Counter({process.name: session_cpu_s(process.pid) for process in running})

    def _told(self) -> Counter[str]:
        told: Counter[str] = Counter()
        for line in self.stack.output("encoder").splitlines():
            if '"message": "encoded"' in line:
                for stage, cpu_s in json.loads(line)["cpu_s"].items():
                    told[f"encoder.{stage}"] += cpu_s
        return told
