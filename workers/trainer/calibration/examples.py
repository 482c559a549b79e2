"""Labelled candidate pairs, found and measured by the same code as in the index worker."""

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.limits import Limits
from shared.messages import Listing
from workers.index.arrays import Modality
from workers.index.candidates import Candidates, pairs_across, pairs_within
from workers.index.catalog import Catalog
from workers.index.faiss_index import FaissIndex
from workers.index.features import Setting, Situation
from workers.index.keys import keys_of
from workers.index.matcher import context_of
from workers.index.scoring import Context, Measurements, measure
from workers.index.store import open_database
from workers.index.tfidf_index import TfidfIndex
from workers.index.vocabulary import Vocabulary
from workers.trainer.calibration.corpus import Corpus

K = 10
_JOB: Final = "calibration"
_NO_PLACES: Final = np.empty(0, np.int64)
_DIVISIONS: Final = 3
_SECOND: Final = 0.6
"""Share of the listings that go into the second of two catalogs."""

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
    measured: Measurements
    duplicate: NDArray[np.bool_]
    related: NDArray[np.bool_]

    def of(self, situation: Situation) -> NDArray[np.int64]:
        """Return the places of the pairs in a situation."""
        return self.measured.matrices[situation][0] if situation in self.measured.matrices else _NO_PLACES

    def features(self, situation: Situation) -> NDArray[np.float64]:
        """Return the features (n, features) of the pairs in a situation that there are."""
        return self.measured.matrices[situation][1]


def collect(
    corpus: Corpus, situation: Situation, directory: Path, setting: Setting = "within"
) -> list[Examples]:
    """Return the candidate pairs of the corpus, all of whose listings have what the situation says.

    `across` divides the corpus into two catalogs that hold a product once each, as catalogs do that are
    matched with one another, several times anew. `alone` measures each pair as a comparison without a
    catalog does, where every word is equally rare.
    """
    if setting == "across":
        return [_across(corpus, situation, directory / str(draw), draw) for draw in range(_DIVISIONS)]
    with _opened(directory / "all", corpus.listings, corpus, situation) as catalog:
        found = pairs_within(catalog, keys_of(catalog.jobs.listings(_JOB)), Limits.all(K))
        alone = Context(TfidfIndex(), Vocabulary().rarity, "alone")
        return [_labelled(corpus, found, alone if setting == "alone" else context_of(catalog))]


def _across(corpus: Corpus, situation: Situation, directory: Path, number: int) -> Examples:
    draw = random.Random(f"{corpus.seed}:across:{number}")
    tables: tuple[dict[str, Listing], dict[str, Listing]] = ({}, {})
    for listing in draw.sample(corpus.listings, len(corpus.listings)):
        tables[draw.random() < _SECOND].setdefault(corpus.products[listing.id], listing)
    with (
        _opened(directory / "a", tuple(tables[0].values()), corpus, situation) as catalog,
        _opened(directory / "b", tuple(tables[1].values()), corpus, situation) as other,
    ):
        found = pairs_across(catalog, keys_of(catalog.jobs.listings(_JOB)), Limits.all(K), other)
        return _labelled(corpus, found, context_of(other, "across"))


@contextmanager
def _opened(
    directory: Path, listings: Sequence[Listing], corpus: Corpus, situation: Situation
) -> Iterator[Catalog]:
    directory.mkdir(parents=True, exist_ok=True)
    database = open_database(directory / "catalog.db")
    catalog = Catalog("calibration", database, FaissIndex, TfidfIndex)
    catalog.ingest(_JOB, "0", 0, corpus.embeddings.arrival(listings, HELD[situation]))
    try:
        yield catalog
    finally:
        database.close()


def _labelled(corpus: Corpus, found: Candidates, context: Context) -> Examples:
    a, b = found.pairs.T
    measured, ids = measure(found.a, a, found.b, b, context, corpus.background), found.ids()
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
    parts = [
        (e.features(situation), e.duplicate[p], e.related[p]) for e in examples if len(p := e.of(situation))
    ]
    features, duplicate, related = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(duplicate), np.concatenate(related)
