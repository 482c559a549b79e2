"""Reads CSV with a header row."""

import csv
import re
from collections.abc import Iterable, Iterator

from services.gateway.problems import Problem
from services.gateway.upload.lines import split_lines, without_byte_order_mark
from services.gateway.upload.refusal import RawRow, RowRefused
from services.gateway.upload.rows import Columns

_SHOWN_COLUMNS = 50
_SHOWN_CHARACTERS = 100
_REMEDY = 'close it, or write a quotation mark of the text twice, in a cell that is quoted: "24"" monitor"'


class _Text:
    """The lines as csv reads them, and those of the row that it is at; refuses a row that does not end.

    A row has been read from line `first` to line `last`, once it was taken.
    """

    def __init__(self, lines: Iterator[bytes | None], max_row_bytes: int) -> None:
        self._lines = lines
        self._max_row_bytes = max_row_bytes
        self._row = bytearray()
        self.first = self.last = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        row, most = self._row, self._max_row_bytes
        # As little as can be for each line: a cell may have millions.
        for line in self._lines:
            if line is None or len(row) + len(line) > most:
                row += b"\n"
                self.take_row()
                detail = f"{self.where}: the row has more than {most} bytes; a quotation mark may be open"
                raise Problem(413, "row_too_large", detail, line=self.last)
            row += line
            row += b"\n"
            try:
                yield line.decode() + "\n"
            except UnicodeDecodeError as error:
                self.take_row()
                detail = f"line {self.last} is not UTF-8 ({error.reason}); save the table as UTF-8"
                raise Problem(400, "csv_not_utf8", detail, line=self.last) from error
        self.ended = True

    @property
    def where(self) -> str:
        """Return which lines of the table the row has that was taken."""
        return f"line {self.last}" if self.first == self.last else f"lines {self.first} to {self.last}"

    def take_row(self) -> bytes:
        """Return the row that csv has read; the next one begins."""
        row = bytes(self._row)
        self._row.clear()
        self.first, self.last = self.last + 1, self.last + row.count(b"\n")
        return row


def _well_quoted(delimiter: str) -> re.Pattern[bytes]:
    """Return what matches a row's cells up to one with more behind its quotation marks than space."""
    end = re.escape(delimiter)
    # Nothing is tried twice: each part takes all that it can.
    pattern = rf'(?:(?:"[^"]*+(?:""[^"]*+)*+"[ \r]*+|[^"{end}\n][^{end}\n]*+|)[{end}\n])*+'
    return re.compile(pattern.encode())


def _rows(text: _Text, delimiter: str, lines: Iterable[str]) -> Iterator[list[str] | RowRefused]:
    """Yield the cells of each row.

    csv itself takes text behind a cell's quotation marks, and a table that ends within them. Both tell of a
    mark that was not meant as one: all lines up to the next mark have become a single cell.

    Raises:
        Problem: so it is (`csv_invalid`), but for a mark within one line, whose row alone is refused.
    """
    well_quoted = _well_quoted(delimiter)
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            row, last = text.take_row(), text.last
            good = well_quoted.match(row) if b'"' in row else None
            if good is None or good.end() == len(row):
                yield cells
                continue
            opened = last + 1 - row.count(b"\n", good.end())
            fault = "is never closed" if text.ended else "is closed by one with text behind it"
            below = f" in a row that goes on to line {last}" if opened < last else ""
            detail = f"line {opened}: the quotation mark that opens a cell{below} {fault}; {_REMEDY}"
            if text.ended or opened < last:
                raise Problem(400, "csv_invalid", detail, line=opened)
            yield RowRefused("row_invalid", detail)
    except csv.Error as error:
        raise Problem(400, "csv_invalid", f"the table is not CSV: {error}") from error


def _delimiter(header: str) -> str:
    """Return what separates the columns: spreadsheets of many countries write semicolons."""
    return max(",;\t", key=header.count)


def check_columns(form: str, header: list[str], columns: Columns) -> None:
    """Return if a table's columns are enough; `form` is what codes of its problems begin with.

    Raises:
        Problem: one is missing (`csv_no_id_column`), or both title and image are; says which there are.
    """
    # Of a file that is no table the header may be all of it.
    shown = [name[:_SHOWN_CHARACTERS] for name in header[:_SHOWN_COLUMNS]]
    found = ", ".join(shown) or "none"
    named = {"id": columns.id, "title": columns.title, "image": columns.image}
    for name, column in named.items():
        # Only the id has to be there, unless the client itself named the column.
        if column in header or (name != "id" and column == name):
            continue
        detail = f"no column {column!r}; columns found: {found}. Name it with ?{name}_column=…"
        raise Problem(422, f"{form}_no_{name}_column", detail, columns=shown)
    if not {columns.title, columns.image, "image_url"}.intersection(header):
        detail = (
            f"no column {columns.title!r} and none {columns.image!r}; columns found: {found}. "
            "Name one with ?title_column=… or ?image_column=…"
        )
        raise Problem(422, f"{form}_no_title_column", detail, columns=shown)


def read_csv(blocks: Iterable[bytes], max_row_bytes: int, columns: Columns) -> Iterator[RawRow]:
    """Yield the rows; empty cells are left out.

    Raises:
        Problem: the table is not UTF-8 (`csv_not_utf8`), has a quotation mark that is not closed
            (`csv_invalid`), or lacks a column (`csv_no_id_column`).
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
    names = next(rows)
    if isinstance(names, RowRefused):
        raise Problem(400, "csv_invalid", names.detail)
    header = [name.strip() for name in names]
    check_columns("csv", header, columns)
    for row in rows:
        if not row or row == [""]:
            continue
        if isinstance(row, RowRefused):
            yield row
        elif len(row) != len(header):
            detail = f"{text.where}: the row has {len(row)} cells, the header {len(header)}"
            yield RowRefused("row_invalid", detail)
        else:
            yield {name: cell for name, cell in zip(header, row, strict=True) if name and cell}
