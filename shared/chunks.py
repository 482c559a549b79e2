"""Chunks: which rows a unit of a job covers, and reading them."""

from typing import TypeVar

from pydantic import ValidationError

from shared.errors import ChunkLost
from shared.messages import Chunk, Row
from shared.spool import Spool, chunk_key

T = TypeVar("T")


def chunk_of(unit: str) -> int:
    """Return the chunk that a unit is part of: `17-0-1` is the second half of the first half of chunk 17."""
    return int(unit.split("-", 1)[0])


def rows_of(unit: str, rows: tuple[T, ...]) -> tuple[T, ...]:
    """Return the rows of the chunk that the unit covers."""
    for half in unit.split("-")[1:]:
        middle = len(rows) // 2
        rows = rows[:middle] if half == "0" else rows[middle:]
    return rows


def read_rows(spool: Spool, job_id: str, unit: str) -> tuple[Row, ...]:
    """Return the rows that the unit covers.

    Raises:
        ChunkLost: the spool does not have them any more, or they cannot be read.
        SpoolUnavailable: the spool did not answer.
    """
    chunk = chunk_of(unit)
    data = spool.get(chunk_key(job_id, chunk))
    if data is None:
        raise ChunkLost(f"chunk {chunk} of the upload is not in the spool any more; submit it again")
    try:
        return rows_of(unit, Chunk.model_validate_json(data).rows)
    except ValidationError as error:
        raise ChunkLost(f"chunk {chunk} of the upload cannot be read; submit it again") from error
