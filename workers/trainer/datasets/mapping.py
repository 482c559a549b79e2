"""Any CSV table with a group column: which column is what."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.messages import AttributeValue
from workers.trainer.datasets.drafts import Draft, make_catalog
from workers.trainer.datasets.errors import DatasetError
from workers.trainer.datasets.labelled import LabelledCatalog
from workers.trainer.datasets.table import Table, read_table

ID_COLUMNS: Final = ("id", "posting_id", "listing_id", "sku")
TITLE_COLUMNS: Final = ("title", "name")
IMAGE_COLUMNS: Final = ("image", "photo", "file", "filename", "image_path")
GROUP_COLUMNS: Final = ("label_group", "group", "product_id", "cluster_id", "product")
ATTRIBUTES: Final = ("brand", "price", "gtin", "ean", "upc", "mpn", "model", "color", "colour", "size")
_PLACES: Final = ("images", "train_images", ".")


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns to read; where one is not given, the first of the usual names that the table has.

    Several title columns are joined by a space. `images` is the folder of the photos, seen from the table.
    """

    id: str | None = None
    title: tuple[str, ...] = ()
    image: str | None = None
    group: str | None = None
    images: Path | None = None


def read_csv(path: Path, columns: Columns) -> LabelledCatalog:
    """Read a table, or the only .csv file of a folder; rows are numbered where there is no id column.

    Raises:
        DatasetError: there is no table, or a column is missing.
    """
    table = read_table(_find(path))
    asked = [name for name in (columns.id, *columns.title, columns.image, columns.group) if name]
    table.require(asked, "name the columns with --id-column, --title-column, --image-column, --group-column")
    group = columns.group or table.first(GROUP_COLUMNS)
    if group is None:
        raise DatasetError(
            f"{table.path} has no column of group labels, but {', '.join(table.columns)}: "
            "name it with --group-column"
        )
    titles = title_columns(table, columns)
    image = columns.image or table.first(IMAGE_COLUMNS)
    if not (titles or image):
        raise DatasetError(
            f"{table.path} has neither titles nor images, but {', '.join(table.columns)}: name them with "
            "--title-column and --image-column"
        )
    root = _photos(table.path.parent, columns.images) if image else None
    drafts = _drafts(table, columns.id or table.first(ID_COLUMNS), titles, image, group)
    return make_catalog(f"table {table.path.name}", root, drafts)


def title_columns(table: Table, columns: Columns) -> tuple[str, ...]:
    """Return the columns that make up the title."""
    found = columns.title or (table.first(TITLE_COLUMNS),)
    return tuple(name for name in found if name)


def attributes_of(row: dict[str, str]) -> dict[str, AttributeValue]:
    """Return those attributes that the classifier knows and the row has."""
    return {name: row[name] for name in ATTRIBUTES if row.get(name)}


def _drafts(
    table: Table, key: str | None, titles: tuple[str, ...], image: str | None, group: str
) -> Iterator[Draft]:
    for number, row in enumerate(table.rows, 1):
        yield Draft(
            id=row[key] if key else f"row-{number}",
            title=" ".join(row[name] for name in titles if row[name]),
            image=row[image] if image else "",
            group=row[group],
            attributes=attributes_of(row),
        )


def _find(path: Path) -> Path:
    if not path.is_dir():
        return path
    tables = sorted(path.glob("*.csv"))
    if len(tables) != 1:
        raise DatasetError(f"{path} holds {len(tables)} .csv files: name the one to read")
    return tables[0]


def _photos(folder: Path, images: Path | None) -> Path:
    if images is not None:
        if not (folder / images).is_dir():
            raise DatasetError(f"{folder / images} is no folder: --images-dir is seen from the table")
        return folder / images
    return next(folder / place for place in _PLACES if (folder / place).is_dir())
