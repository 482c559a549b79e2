"""The part of eval about the notebook's protocol: which figures it takes, and what it submits."""

from pathlib import Path

import numpy as np

from shared.messages import Listing
from workers.trainer.datasets.labelled import LabelledCatalog
from workers.trainer.embedding import Embeddings
from workers.trainer.matching.notebook import pair_rows
from workers.trainer.matching.trained_stack import most_alike, some_of_each
from workers.trainer.report.findings import PairRow
from workers.trainer.train.embedding_files import save_embeddings
from workers.trainer.train.measuring import NOTEBOOK, OURS


def catalog(listings: list[Listing]) -> LabelledCatalog:
    return LabelledCatalog("shop", tuple(listings), Path(), {one.id: one.id[0] for one in listings}, {})


def test_each_figure_is_named_by_whose_it_is_and_on_which_pairs() -> None:
    rows = [
        PairRow(whose, "pairs", honest, {"roc_auc": i, "pr_auc": i, "f1": i + 0.5, "recall": 9.0})
        for i, (whose, honest) in enumerate(
            [(OURS, True), (NOTEBOOK, True), (OURS, False), (NOTEBOOK, False)]
        )
    ]
    figures = pair_rows(rows)
    assert len(figures) == 12
    assert figures["trained_retrieved_f1"] == 0.5
    assert figures["notebook_retrieved_pr_auc"] == 1
    assert figures["trained_random_f1"] == 2.5
    assert figures["notebook_random_roc_auc"] == 3


def test_a_few_listings_of_a_few_groups_are_submitted() -> None:
    listings = [Listing(id=f"{group}{i}", title="t", image="i") for i in range(6) for group in "abcdefgh"]
    listings += [Listing(id=f"{group}0", title="t", image="i") for group in "ijklmnopqrstuvwxyz"]
    listings[0] = Listing(id="a0", title="t")
    ids = [one.id for one in some_of_each(catalog(listings))]
    assert [name for name in ids if name[0] in "ab"] == ["b0", "a1", "b1", "a2", "b2", "a3", "b3", "a4"]
    assert len({name[0] for name in ids}) == 20


def test_the_most_similar_photos_of_one_group_are_asked_about(tmp_path: Path) -> None:
    vectors = {"a1": (1.0, 0.0), "a2": (0.6, 0.8), "b1": (1.0, 0.0), "b2": (0.9, 0.4359), "b3": (0.0, 1.0)}
    data = catalog([Listing(id=name, image="i") for name in reversed(vectors)])
    images = {name: np.array(vector, "<f2").tobytes() for name, vector in vectors.items()}
    held = Embeddings({"image": ("m", 2), "text": ("t", 2)}, {"image": images, "text": {}})
    save_embeddings(tmp_path / "embeddings", data.listings, data.groups, held)
    assert most_alike(tmp_path, data, list(data.listings)) == ("b1", "b2")
