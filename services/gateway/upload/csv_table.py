"""Reads CSV with a header row."""

import csv
from collections.abc import Iterable, Iterator

from services.gateway.problems import Problem
from services.gateway.upload.lines import split_lines, without_byte_order_mark
from services.gateway.upload.refusal import RawRow, RowRefused
from services.gateway.upload.rows import Columns

_SHOWN_COLUMNS = 50
_SHOWN_CHARACTERS = 100


class _Text:
    """The lines as csv reads them; refuses a quoted cell that does not end."""

    def __init__(self, lines: Iterator[bytes | None], max_row_bytes: int) -> None:
        self._lines = lines
        self._max_row_bytes = max_row_bytes
        self._row_bytes = 0
        self._number = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._number += 1
            self._row_bytes += self._max_row_bytes + 1 if line is None else len(line)
            if line is None or self._row_bytes > self._max_row_bytes:
                detail = (
                    f"line {self._number}: the row has more than {self._max_row_bytes} bytes; "
                    "a quotation mark may be open"
                )
                raise Problem(413, "row_too_large", detail, line=self._number)
            try:
                yield line.decode() + "\n"
            except UnicodeDecodeError as error:
                detail = f"line {self._number} is not UTF-8 ({error.reason}); save the table as UTF-8"
                raise Problem(400, "csv_not_utf8", detail, line=self._number) from error

    def row_ended(self) -> None:
        self._row_bytes = 0


def _rows(text: _Text, delimiter: str, lines: Iterable[str]) -> Iterator[list[str]]:
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            text.row_ended()
            yield row
    except csv.Error as error:
        raise Problem(400, "csv_invalid", f"the table is not CSV: {error}") from error


def _delimiter(header: str) -> str:
    """Return what separates the columns: spreadsheets of many countries write semicolons."""
    return max(",;\t", key=header.count)


def check_columns(form: str, header: list[str], columns: Columns) -> None:
    """Return if a table's columns are enough; `form` is what codes of its problems begin with.

    Raises:
        Problem: one is missing (`csv_no_id_column`); says which there are.
    """
    # Of a file that is no table the header may be all of it.
    shown = [name[:_SHOWN_CHARACTERS] for name in header[:_SHOWN_COLUMNS]]
    named = {"id": columns.id, "title": columns.title, "image": columns.image}
    for name, column in named.items():
        # Only the id has to be there, unless the client itself named the column.
        if column in header or (name != "id" and column == name):
            continue
        found = ", ".join(shown) or "none"
        detail = f"no column {column!r}; columns found: {found}. Name it with ?{name}_column=…"
        raise Problem(422, f"{form}_no_{name}_column", detail, columns=shown)


def read_csv(blocks: Iterable[bytes], max_row_bytes: int, columns: Columns) -> Iterator[RawRow]:
    """Yield the rows; empty cells are left out.

    Raises:
        Problem: the table is not UTF-8 (`csv_not_utf8`), or lacks a column (`csv_no_id_column`).
    """
    text = _Text(split_lines(without_byte_order_mark(blocks), max_row_bytes), max_row_bytes)
    lines = iter(text)
    first = next((line for line in lines if line.strip()), "")
    if not first:
        return
    delimiter = _delimiter(first)

    def all_lines() -> Iterator[str]:
        yield first
        yield from lines

    rows = _rows(text, delimiter, all_lines())
    header = [name.strip() for name in next(rows, [])]
    check_columns("csv", header, columns)
    for row in rows:
        if not row or row == [""]:
            continue
        if len(row) != len(header):
            yield RowRefused("row_invalid", f"the row has {len(row)} cells, the header {len(header)}")
            continue
        yield {name: cell for name, cell in zip(header, row, strict=True) if name and cell}
