"""Reads Parquet: rows as the process tells them that reads the file."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from pydantic_core import from_json

from services.gateway.problems import Problem
from services.gateway.upload.csv_table import check_columns
from services.gateway.upload.lines import split_lines
from services.gateway.upload.parquet.lines import BAD_ROW, COLUMNS, END, PROBLEM, READY, ROW, Asked
from services.gateway.upload.parquet_footer import check_footer
from services.gateway.upload.parquet_process import Patience, Reading, reading, unreadable
from services.gateway.upload.refusal import RawRow, RowRefused
from services.gateway.upload.rows import Columns

# Names of columns are a line, however short rows have to be.
_LEAST_LINE_BYTES = 2 * 1024**2
_MAX_DETAIL_CHARACTERS = 1000
_STATUS = {"parquet_column_type": 422, "parquet_too_large": 422, "too_many_listings": 413}
_PATIENCE = Patience()


class NotSaidToTheEnd(Exception):
    """What was said is no table, or breaks off; `began` says whether the file was looked at."""

    def __init__(self, *, began: bool) -> None:
        super().__init__()
        self.began = began


def _told(text: bytes) -> Problem:
    """Return the problem that the process told of."""
    code, detail = from_json(text)
    said = str(detail)[:_MAX_DETAIL_CHARACTERS]
    return unreadable(said) if code == "parquet_invalid" else Problem(_STATUS[code], code, said)


def _read(kind: bytes, text: bytes, columns: Columns) -> RawRow | None:
    """Return the row that a line tells, if it does."""
    if kind == ROW:
        row = from_json(text)
        if not isinstance(row, dict):
            raise TypeError("the row is no object")
        return row
    if kind == BAD_ROW:
        return RowRefused("row_invalid", str(from_json(text))[:_MAX_DETAIL_CHARACTERS])
    if kind == PROBLEM:
        raise _told(text)
    if kind != COLUMNS:
        raise ValueError("the line is of no known kind")
    check_columns("parquet", [str(name) for name in from_json(text)], columns)
    return None


def rows_said(blocks: Iterable[bytes], max_row_bytes: int, columns: Columns) -> Iterator[RawRow]:
    """Yield the rows; nothing that is said is trusted, as a file may have taken over who says it.

    Raises:
        Problem: as `read_parquet`.
        NotSaidToTheEnd: the end did not come.
    """
    began = False
    for line in split_lines(blocks, max(max_row_bytes, _LEAST_LINE_BYTES) + 1):
        kind, text = (line or b"")[:1], (line or b"")[1:]
        if kind == END:
            return
        if kind == READY:
            began = True
            continue
        try:
            row = _read(kind, text, columns)
        except (ValueError, TypeError, KeyError) as error:
            raise NotSaidToTheEnd(began=began) from error
        if row is not None:
            yield row
    raise NotSaidToTheEnd(began=began)


def _rows(said: Reading, asked: Asked, columns: Columns) -> Iterator[RawRow]:
    try:
        yield from rows_said(said.blocks(asked.max_total_bytes), asked.max_row_bytes, columns)
    except NotSaidToTheEnd as end:
        raise (said.broken() if end.began else said.never_began()) from end


@contextmanager
def read_parquet(
    file: BinaryIO, asked: Asked, columns: Columns, patience: Patience = _PATIENCE
) -> Iterator[Iterator[RawRow]]:
    """Give the rows of a file, which belongs to this from now on and is changed; nulls are left out.

    Raises:
        Problem: the file cannot be read, lacks a column (`parquet_no_id_column`), or too many are read now.
    """
    check_footer(file)
    with reading(file, asked, patience) as said:
        yield _rows(said, asked, columns)
