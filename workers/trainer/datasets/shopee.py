"""The layout of the Shopee Price Match Guarantee competition (Kaggle, 2021)."""

from pathlib import Path
from typing import Final

from workers.trainer.datasets.drafts import Draft, make_catalog
from workers.trainer.datasets.errors import DatasetError
from workers.trainer.datasets.labelled import LabelledCatalog
from workers.trainer.datasets.table import read_table

TABLE: Final = "train.csv"
IMAGES: Final = "train_images"
COLUMNS: Final = ("posting_id", "image", "image_phash", "title", "label_group")
_USED: Final = ("posting_id", "image", "title", "label_group")
_ADVICE: Final = (
    "expected are train.csv with posting_id, image, title, label_group and the photos in train_images/: "
    "`doppel data shopee DIR` downloads them"
)


def read_shopee(folder: Path) -> LabelledCatalog:
    """Read `train.csv` and see which photos are in `train_images/`; a row without its photo is left out.

    Titles stay as they are, with their escapes (`shared.titles` decodes them). The table's perceptual hash is
    not used.

    Raises:
        DatasetError: the folder does not have the layout, or no photo is there.
    """
    table = read_table(folder / TABLE, _ADVICE)
    table.require(_USED, _ADVICE)
    root = folder / IMAGES
    if not root.is_dir():
        raise DatasetError(f"{root} is missing; {_ADVICE}")
    drafts = (
        # A row without a name for its photo has lost its photo, too.
        Draft(row["posting_id"], row["title"], row["image"] or "unnamed", row["label_group"])
        for row in table.rows
    )
    return make_catalog(f"Shopee layout, {folder.resolve().name}", root, drafts)
