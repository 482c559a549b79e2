"""Labelled candidate pairs, found and measured by the same code as in the index worker."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Modality
from workers.index.candidates import pairs_within
from workers.index.catalog import Catalog
from workers.index.faiss_index import FaissIndex
from workers.index.features import Situation
from workers.index.keys import keys_of
from workers.index.matcher import context_of
from workers.index.scoring import Context, Measured, measure
from workers.index.store import open_database
from workers.index.tfidf_index import TfidfIndex
from workers.index.vocabulary import Vocabulary
from workers.trainer.calibration.corpus import Corpus

K = 10
# What a catalog must have for all its pairs to be in a situation.
HELD: dict[Situation, tuple[Modality, ...]] = {
    "image_text": ("image", "text"),
    "text_only": ("text",),
    "image_only": ("image",),
}


@dataclass(frozen=True, slots=True)
class Examples:
    """The candidate pairs of one catalog, by ids a < b, with labels (n,)."""

    corpus: Corpus
    ids: list[tuple[str, str]]
    measured: list[Measured]
    duplicate: NDArray[np.bool_]
    related: NDArray[np.bool_]

    def of(self, situation: Situation) -> NDArray[np.int64]:
        """Return the places of the pairs in a situation."""
        return np.array([i for i, pair in enumerate(self.measured) if pair.situation == situation], np.int64)

    def features(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the features (n, features) of pairs of one situation."""
        return np.array([self.measured[i].values for i in places], np.float64)


def collect(corpus: Corpus, situation: Situation, directory: Path, *, alone: bool = False) -> Examples:
    """Return the candidate pairs of the catalog, all of whose listings have what the situation says.

    `alone` measures each pair as a comparison without a catalog does, where every word is equally rare.
    """
    directory.mkdir(parents=True, exist_ok=True)
    database = open_database(directory / "catalog.db")
    catalog = Catalog("calibration", database, FaissIndex, TfidfIndex)
    catalog.ingest("calibration", "0", 0, corpus.embeddings.arrival(corpus.listings, HELD[situation]))
    keys = keys_of(catalog.jobs.listings("calibration"))
    sides, pairs = pairs_within(catalog, keys, K)
    context = Context(TfidfIndex(), Vocabulary().rarity, alone=True) if alone else context_of(catalog)
    places = np.array(pairs, np.int64).reshape(-1, 2)
    measured = measure(sides, places[:, 0], sides, places[:, 1], context, corpus.background)
    ids = [(sides.listings[a].id, sides.listings[b].id) for a, b in pairs]
    database.close()
    return Examples(
        corpus=corpus,
        ids=ids,
        measured=measured,
        duplicate=np.array([corpus.same_product(a, b) for a, b in ids], bool),
        related=np.array([corpus.same_line(a, b) for a, b in ids], bool),
    )


def stacked(
    examples: Iterable[Examples], situation: Situation
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return features (n, features) and both labels (n,) of all pairs in the situation."""
    parts = [(e.features(p), e.duplicate[p], e.related[p]) for e in examples if len(p := e.of(situation))]
    features, duplicate, related = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(duplicate), np.concatenate(related)
