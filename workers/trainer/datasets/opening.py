"""Opens a data set by the name of its layout."""

from enum import StrEnum
from pathlib import Path

from workers.trainer.datasets.errors import DatasetError
from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.datasets.mapping import Columns, read_csv
from workers.trainer.datasets.pairs import read_pairs
from workers.trainer.datasets.shopee import read_shopee


class Layout(StrEnum):
    """How a data set lies on disk."""

    SHOPEE = "shopee"
    PAIRS = "pairs"
    CSV = "csv"


def open_dataset(layout: Layout, path: Path, columns: Columns) -> LabelledCatalog | PairBenchmark:
    """Read the labels and listings of a data set; photos are looked for, not read.

    Raises:
        DatasetError: it is not there, or not in this layout.
    """
    if not path.exists():
        raise DatasetError(f"{path} does not exist")
    if layout is Layout.SHOPEE:
        return read_shopee(path)
    return read_pairs(path, columns) if layout is Layout.PAIRS else read_csv(path, columns)
