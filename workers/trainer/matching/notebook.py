"""The notebook's protocol beside honest figures, and a stack on what was trained.

Run it alone with ``python -m workers.trainer.matching DATA --only notebook``. The data are the grocery photos
in the Shopee layout, with their category for a title; the bundled image tower was trained on photos of most
of these products.
"""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from workers.trainer.datasets.grocery import shopee_from_grocery
from workers.trainer.datasets.shopee import read_shopee
from workers.trainer.matching.grocery_data import FOLDER
from workers.trainer.matching.trained_stack import stack_judges
from workers.trainer.report.findings import PairRow
from workers.trainer.train.measuring import NOTEBOOK, OURS
from workers.trainer.train.parts import SplitBy
from workers.trainer.train.threshold import Rule
from workers.trainer.train.training import Request, train

log = logging.getLogger(__name__)

SEED: Final = 42
_K: Final = 10
_PROFILE: Final = "bundled"
_NAMES: Final = {NOTEBOOK: "notebook", OURS: "trained"}
_SHOWN: Final = ("roc_auc", "pr_auc", "f1")


def run(data: Path, work: Path) -> dict[str, float]:
    """Return the figures; two minutes, one more when the photos are not encoded yet.

    `notebook_…` is the notebook's regression, `trained_…` what `doppel train` fits. `…_random_…` is on random
    negatives, as notebooks measure themselves, `…_retrieved_…` on what a catalog would be asked.
    `notebook_stack_loads` is 1 if a fresh stack judges by what was trained.
    """
    folder = work / "notebook"
    shopee_from_grocery(data / FOLDER, folder / "shopee")
    catalog = read_shopee(folder / "shopee")
    target = folder / "trained" / f"{_PROFILE}-shopee"
    request = Request(catalog, target, _PROFILE, SplitBy.GROUP, SEED, Rule(), _K, work)
    findings = train(request, log.info)
    return {
        **pair_rows(findings.pairs),
        "trained_row_f1": findings.catalog["row_f1"],
        "notebook_stack_loads": float(stack_judges(target, catalog)),
    }


def pair_rows(rows: Iterable[PairRow]) -> dict[str, float]:
    """Return the figures of a report's table of pairs, by whose they are and on which pairs."""
    return {
        f"{_NAMES[row.classifier]}_{'retrieved' if row.honest else 'random'}_{name}": row.figures[name]
        for row in rows
        for name in _SHOWN
    }
