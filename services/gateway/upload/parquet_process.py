"""The process that reads a Parquet file: it may be broken by what it reads, and cannot break this one."""

import json
import logging
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import IO, BinaryIO, cast

from services.gateway.problems import Problem
from services.gateway.upload.parquet.lines import Asked

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[3]
_BLOCK_BYTES = 65_536
_END_WITHIN_S = 5
# Each may take a gigabyte of memory.
_AT_ONCE = 4
_turns = BoundedSemaphore(_AT_ONCE)
# Not the gateway's own environment, which has passwords.
_ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}
_ADVICE = "Write it anew, with smaller row groups, or send the table as NDJSON or CSV"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for others to end, and for a word of the process that reads."""

    turn_s: float = 60
    silent_s: float = 60


def unreadable(why: str) -> Problem:
    """Return what a client is told whose file cannot be read."""
    return Problem(400, "parquet_invalid", f"the Parquet file cannot be read: {why}. {_ADVICE}")


class Reading:
    """One process that reads a file."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes], silent_s: float) -> None:
        self._process = process
        self._errors = errors
        self._silent_s = silent_s
        self._out = cast(IO[bytes], process.stdout).fileno()

    def blocks(self, max_bytes: int) -> Iterator[bytes]:
        """Yield what the process says, as it says it.

        Raises:
            Problem: it says nothing for too long (`parquet_invalid`), or too much (`parquet_too_large`).
        """
        ready = select.poll()
        ready.register(self._out, select.POLLIN)
        said = 0
        while True:
            if not ready.poll(self._silent_s * 1000):
                raise unreadable(f"its reader found nothing to say for {self._silent_s:g} s")
            block = os.read(self._out, _BLOCK_BYTES)
            if not block:
                return
            said += len(block)
            if said > max_bytes:
                detail = f"the rows of the Parquet file have more than {max_bytes} bytes; send it in parts"
                raise Problem(422, "parquet_too_large", detail)
            yield block

    def broken(self) -> Problem:
        """Return what to tell of a process that ended before the end of its file."""
        status, said = self._end()
        log.warning("a Parquet file ended its reader", extra={"status": status, "said": said})
        if status == -signal.SIGXCPU:
            return unreadable("it takes too long")
        return unreadable(f"its reader was ended by it (status {status})")

    def never_began(self) -> RuntimeError:
        """Return what is wrong with a process that did not come to look at its file: it is our fault."""
        status, said = self._end()
        return RuntimeError(f"the reader of Parquet does not run: status {status}, {said}")

    def _end(self) -> tuple[int, str]:
        try:
            status = self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._errors.seek(0)
        return status, self._errors.read().decode("utf-8", "replace")[-2000:]


@contextmanager
def reading(file: BinaryIO, asked: Asked, patience: Patience) -> Iterator[Reading]:
    """Start a process that reads the file, and end it whatever happens.

    Raises:
        Problem: too many are read now, and none came to its end in time (`too_many_uploads`).
    """
    if not _turns.acquire(timeout=patience.turn_s):
        detail = "too many Parquet files at once"
        raise Problem(429, "too_many_uploads", detail, headers={"Retry-After": "30"})
    command = [sys.executable, "-s", "-m", "services.gateway.upload.parquet", json.dumps(asdict(asked))]
    try:
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(  # noqa: S603 - the one argument is JSON
                command, cwd=_ROOT, env=_ENVIRONMENT, stdin=file, stdout=subprocess.PIPE, stderr=errors
            ) as process,
        ):
            try:
                yield Reading(process, errors, patience.silent_s)
            finally:
                process.kill()
    finally:
        _turns.release()
