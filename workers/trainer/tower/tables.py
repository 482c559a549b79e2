"""Tables that say which photo shows which product."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workers.trainer.tower.errors import Refused

NAMES: Final = ("photos.csv", "catalog.csv", "train.csv")
"""Files that count as such a table, the first found."""

IMAGE_COLUMNS: Final = ("image", "photo", "file", "filename", "image_path")
PRODUCT_COLUMNS: Final = ("product_id", "product", "label_group", "group")


@dataclass(frozen=True)
class Columns:
    """Columns to read where a table has them; else, and for None, the first of the usual names."""

    image: str | None = None
    product: str | None = None


@dataclass(frozen=True)
class Table:
    """A table as it was read.

    Attributes:
        header: names of its columns.
        rows: its rows, column → text.
    """

    file: Path
    header: tuple[str, ...]
    rows: tuple[dict[str, str | None], ...]

    def products(self, columns: Columns) -> dict[str, str | None]:
        """Give image name → product, or None where none is given, in the order of the table.

        A name listed twice counts where it stands first; a row without one is left out.

        Raises:
            Refused: no column holds image names.
        """
        image = self._choose(columns.image, IMAGE_COLUMNS)
        product = self._choose(columns.product, PRODUCT_COLUMNS)
        if image is None:
            known = ", ".join(self.header) or "nothing"
            raise Refused(f"{self.file} has no image column, but {known}: name it with --image-column")
        found: dict[str, str | None] = {}
        for row in self.rows:
            name = row[image]
            if name:
                found.setdefault(name, (row[product] or None) if product else None)
        return found

    def _choose(self, wanted: str | None, usual: tuple[str, ...]) -> str | None:
        """Give the column to read."""
        return next((name for name in (wanted, *usual) if name in self.header), None)


def open_table(folder: Path) -> Table | None:
    """Read the table of a catalog folder; None where it has none.

    Raises:
        Refused: the file is no CSV table with a header, in UTF-8.
    """
    file = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if file is None:
        return None
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            reader = csv.DictReader(text)
            return Table(file, tuple(reader.fieldnames or ()), tuple(reader))
    except (csv.Error, UnicodeDecodeError) as error:
        raise Refused(f"{file} is no CSV table in UTF-8: {error}") from error


def check_columns(tables: Sequence[Table], columns: Columns) -> None:
    """Make sure that a column asked for is in one table at least: a misspelt one would go unnoticed.

    Raises:
        Refused: it is in none.
    """
    for wanted in (columns.image, columns.product):
        if wanted and not any(wanted in table.header for table in tables):
            raise Refused(f"no table has a column {wanted}")
