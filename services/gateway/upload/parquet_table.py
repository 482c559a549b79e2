"""Reads Parquet, by a process that may be broken by what it reads, and cannot break this one."""

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

from pydantic_core import from_json

from services.gateway.problems import Problem
from services.gateway.upload.csv_table import check_columns
from services.gateway.upload.lines import split_lines
from services.gateway.upload.parquet.lines import BAD_ROW, COLUMNS, END, PROBLEM, READY, ROW, Asked
from services.gateway.upload.parquet_footer import check_footer
from services.gateway.upload.refusal import RawRow, RowRefused
from services.gateway.upload.rows import Columns

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[3]
_BLOCK_BYTES = 65_536
# Names of columns are a line, however short rows have to be.
_LEAST_LINE_BYTES = 2 * 1024**2
_MAX_DETAIL_CHARACTERS = 1000
_ADVICE = "Write it anew, with smaller row groups, or send the table as NDJSON or CSV"
_STATUS = {
    "parquet_invalid": 400, "parquet_column_type": 422, "parquet_too_large": 422, "too_many_listings": 413,
}  # fmt: skip
# Each may take a gigabyte of memory.
_AT_ONCE = 4
_slots = BoundedSemaphore(_AT_ONCE)
_END_WITHIN_S = 5
# Not the gateway's own environment, which has passwords.
_ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for others to end, and for a word of the process that reads."""

    turn_s: float = 60
    silent_s: float = 60


def _invalid(why: str) -> Problem:
    return Problem(400, "parquet_invalid", f"the Parquet file cannot be read: {why}. {_ADVICE}")


def _told(text: bytes) -> Problem:
    """Return the problem that the process told of."""
    code, detail = from_json(text)
    if code == "parquet_invalid":
        return _invalid(detail[:_MAX_DETAIL_CHARACTERS])
    return Problem(_STATUS[code], code, detail[:_MAX_DETAIL_CHARACTERS])


class _Reading:
    """One process that reads a file."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes], silent_s: float) -> None:
        self._process = process
        self._errors = errors
        self._silent_s = silent_s
        self._out = cast(IO[bytes], process.stdout).fileno()

    def blocks(self, max_bytes: int) -> Iterator[bytes]:
        """Yield what the process says, as it says it."""
        ready = select.poll()
        ready.register(self._out, select.POLLIN)
        said = 0
        while True:
            if not ready.poll(self._silent_s * 1000):
                raise _invalid(f"its reader found nothing to say for {self._silent_s:g} s")
            block = os.read(self._out, _BLOCK_BYTES)
            if not block:
                return
            said += len(block)
            if said > max_bytes:
                detail = f"the rows of the Parquet file have more than {max_bytes} bytes; send it in parts"
                raise Problem(422, "parquet_too_large", detail)
            yield block

    def broken(self, *, began: bool) -> Problem:
        """Return what to tell of a process that ended before the end of its file.

        Raises:
            RuntimeError: it did not come to look at the file.
        """
        try:
            status = self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._errors.seek(0)
        told = self._errors.read().decode("utf-8", "replace")[-2000:]
        if not began:
            raise RuntimeError(f"the reader of Parquet does not run: status {status}, {told}")
        log.warning("a Parquet file ended its reader", extra={"status": status, "told": told})
        if status == -signal.SIGXCPU:
            return _invalid("it takes too long")
        return _invalid(f"its reader was ended by it (status {status})")


@contextmanager
def _reading(file: BinaryIO, asked: Asked, silent_s: float) -> Iterator[_Reading]:
    command = [sys.executable, "-s", "-m", "services.gateway.upload.parquet", json.dumps(asdict(asked))]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - the one argument is JSON
            command, cwd=_ROOT, env=_ENVIRONMENT, stdin=file, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        try:
            yield _Reading(process, errors, silent_s)
        finally:
            process.kill()


def _rows(reading: _Reading, columns: Columns, asked: Asked) -> Iterator[RawRow]:
    longest = max(asked.max_row_bytes, _LEAST_LINE_BYTES) + 1
    began = False
    for line in split_lines(reading.blocks(asked.max_total_bytes), longest):
        kind, text = (line or b"")[:1], (line or b"")[1:]
        if kind == ROW:
            yield from_json(text)
        elif kind == BAD_ROW:
            yield RowRefused("row_invalid", str(from_json(text))[:_MAX_DETAIL_CHARACTERS])
        elif kind == COLUMNS:
            check_columns("parquet", from_json(text), columns)
        elif kind == PROBLEM:
            raise _told(text)
        elif kind == END:
            return
        elif kind == READY:
            began = True
        else:
            break
    raise reading.broken(began=began)


_PATIENCE = Patience()


@contextmanager
def read_parquet(
    file: BinaryIO, asked: Asked, columns: Columns, patience: Patience = _PATIENCE
) -> Iterator[Iterator[RawRow]]:
    """Give the rows of a file, which belongs to this from now on and is changed; nulls are left out.

    Raises:
        Problem: the file cannot be read, lacks a column (`parquet_no_id_column`), or too many are read now.
    """
    check_footer(file)
    if not _slots.acquire(timeout=patience.turn_s):
        detail = "too many Parquet files at once"
        raise Problem(429, "too_many_uploads", detail, headers={"Retry-After": "30"})
    try:
        with _reading(file, asked, patience.silent_s) as reading:
            yield _rows(reading, columns, asked)
    finally:
        _slots.release()
