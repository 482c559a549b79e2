"""Benchmarks of two tables with labelled pairs, in the layout of DeepMatcher (Mudgal et al., 2018)."""

from collections import Counter
from pathlib import Path
from typing import Final

from shared.messages import AttributeValue, Listing
from workers.trainer.datasets.errors import DatasetError
from workers.trainer.datasets.labelled import SPLITS, LabelledPair, PairBenchmark
from workers.trainer.datasets.mapping import Columns, attributes_of, title_columns
from workers.trainer.datasets.table import Table, read_table

_ADVICE: Final = (
    "expected are tableA.csv and tableB.csv with an id column, and train.csv, valid.csv, test.csv with "
    "ltable_id, rtable_id, label"
)
_LABELS: Final = ("ltable_id", "rtable_id", "label")


def read_pairs(folder: Path, columns: Columns) -> PairBenchmark:
    """Read both tables and the three splits; ids become `a:…` and `b:…`, so that they differ.

    The title is the column `name` or `title` unless the columns say otherwise; `manufacturer` is the brand.

    Raises:
        DatasetError: the folder does not have the layout.
    """
    left, right = (
        _listings(read_table(folder / f"table{side.upper()}.csv", _ADVICE), side, columns)
        for side in ("a", "b")
    )
    known = {listing.id for listing in (*left, *right)}
    dropped: Counter[str] = Counter()
    splits = {
        split: _labelled(read_table(folder / f"{split}.csv", _ADVICE), known, dropped) for split in SPLITS
    }
    for split, pairs in splits.items():
        if len({pair.duplicate for pair in pairs}) < 2:
            raise DatasetError(f"{folder / f'{split}.csv'} needs pairs with label 0 and with label 1")
    return PairBenchmark(folder.resolve().name, left, right, splits, dict(dropped))


def _listings(table: Table, side: str, columns: Columns) -> tuple[Listing, ...]:
    key = columns.id or "id"
    titles = title_columns(table, columns)
    table.require([key, *titles], _ADVICE)
    if not titles:
        raise DatasetError(f"{table.path} has no column name or title: name it with --title-column")
    return tuple(
        Listing(
            id=f"{side}:{row[key]}",
            title=" ".join(row[name] for name in titles if row[name]),
            attributes=_attributes(row),
        )
        for row in table.rows
    )


def _attributes(row: dict[str, str]) -> dict[str, AttributeValue]:
    brand = row.get("manufacturer")
    return attributes_of(row) | ({"brand": brand} if brand else {})


def _labelled(table: Table, known: set[str], dropped: Counter[str]) -> tuple[LabelledPair, ...]:
    table.require(_LABELS, _ADVICE)
    pairs: list[LabelledPair] = []
    for row in table.rows:
        pair = LabelledPair(f"a:{row['ltable_id']}", f"b:{row['rtable_id']}", row["label"].strip() == "1")
        if pair.left in known and pair.right in known:
            pairs.append(pair)
        else:
            dropped["pair of a listing that is in no table"] += 1
    return tuple(pairs)
