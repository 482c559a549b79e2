"""CSV tables, with errors that say what to do."""

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.trainer.datasets.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header; every row has a text for every column."""

    path: Path
    columns: tuple[str, ...]
    rows: list[dict[str, str]]

    def first(self, names: Iterable[str]) -> str | None:
        """Return the first of the names that is a column."""
        return next((name for name in names if name in self.columns), None)

    def require(self, names: Sequence[str], advice: str = "") -> None:
        """Make sure that the columns are there.

        Raises:
            DatasetError: one is not; the message ends with the advice.
        """
        missing = [name for name in names if name not in self.columns]
        if missing:
            known = ", ".join(self.columns) or "none"
            raise DatasetError(
                _advised(f"{self.path} has no column {', '.join(missing)}, but {known}", advice)
            )


def read_table(path: Path, advice: str = "") -> Table:
    """Read a CSV table in UTF-8 whose first row names the columns.

    Raises:
        DatasetError: there is no such file, or it is no such table; the message ends with the advice.
    """
    if not path.is_file():
        raise DatasetError(_advised(f"{path} is missing", advice))
    # A description may be longer than the 128 kB that the csv module takes by default.
    csv.field_size_limit(sys.maxsize)
    try:
        with path.open(newline="", encoding="utf-8-sig") as text:
            reader = csv.DictReader(text, restkey="", restval="")
            rows = [{name: row[name] or "" for name in reader.fieldnames or ()} for row in reader]
            return Table(path, tuple(reader.fieldnames or ()), rows)
    except (csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} is no CSV table in UTF-8: {error}") from error


def _advised(problem: str, advice: str) -> str:
    return f"{problem}; {advice}" if advice else problem
