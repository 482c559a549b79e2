"""Catalogs opened for measuring: found, compared, decided and grouped by the code of the index worker.

The only module here that knows how the index worker does these things.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.limits import Limits
from shared.messages import Listing
from shared.settings import IndexSettings
from workers.index.arrays import MODALITIES, Keys, Modality, Neighbours
from workers.index.background import Background
from workers.index.candidates import pairs_across, pairs_within, surrounded
from workers.index.catalog import Catalog
from workers.index.classifier import SituationModel
from workers.index.faiss_index import FaissIndex
from workers.index.features import Situation
from workers.index.grouping import group_pairs
from workers.index.keys import keys_of
from workers.index.matcher import context_of
from workers.index.scoring import Context, Measurements, measure
from workers.index.store import open_database
from workers.index.stored_sides import stored_sides
from workers.index.tfidf_index import TfidfIndex
from workers.index.verdicts import Decisions, decide
from workers.index.vocabulary import Vocabulary
from workers.trainer.embedding import Embeddings

Ids = tuple[str, str]
Ranked = dict[str, list[str]]
_JOB: Final = "train"
# Less probable pairs are not kept by an index worker with its usual settings.
_FLOOR: Final[float] = IndexSettings.model_fields["pair_floor"].default
# What a catalog must have for all its pairs to be in a situation.
HELD: Final[dict[Situation, tuple[Modality, ...]]] = {
    "image_text": ("image", "text"),
    "text_only": ("text",),
    "image_only": ("image",),
}


class Candidates:
    """One catalog matched with itself, or two with each other; a context manager.

    Listings that have none of the modalities are in no catalog, and in no pair.
    """

    def __init__(
        self,
        folder: Path,
        tables: Sequence[Sequence[Listing]],
        embeddings: Embeddings,
        modalities: Sequence[Modality],
        background: Background | None,
    ) -> None:
        """Open one table, or a left and a right one, as catalogs in a folder that is to be empty."""
        self._stack = ExitStack()
        self._background = background
        catalogs = [
            self._open(folder / str(i), part, embeddings, modalities) for i, part in enumerate(tables)
        ]
        self._left, self._right = catalogs[0], catalogs[-1]
        # Left sees what is near to it on the right, and right on the left.
        self._sides = [
            surrounded(stored_sides(catalog, _keys(catalog)), other, stored=other is catalog)
            for catalog, other in zip(catalogs, reversed(catalogs), strict=True)
        ]
        self._places = [{listing.id: i for i, listing in enumerate(s.listings)} for s in self._sides]

    def __enter__(self) -> "Candidates":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def retrieved(self, k: int) -> list[Ids]:
        """Return the pairs that the channels find with k candidates each, sorted.

        In one catalog the smaller id comes first; of two catalogs the left one's does.
        """
        if self._left is self._right:
            found = pairs_within(self._left, _keys(self._left), Limits.all(k))
        else:
            found = pairs_across(self._left, _keys(self._left), Limits.all(k), self._right)
        return sorted(found.ids())

    def known(self, pairs: Iterable[Ids]) -> list[Ids]:
        """Return those pairs whose listings are both there."""
        left, right = self._places[0], self._places[-1]
        return [(a, b) for a, b in pairs if a in left and b in right]

    def measure(self, pairs: Sequence[Ids], *, alone: bool = False) -> Measurements:
        """Measure any pairs; `alone` as two listings are compared without a catalog."""
        left = np.array([self._places[0][a] for a, _ in pairs], np.int64)
        right = np.array([self._places[-1][b] for _, b in pairs], np.int64)
        if alone:
            context = Context(TfidfIndex(), Vocabulary().rarity, "alone")
        else:
            context = context_of(self._right, "within" if self._left is self._right else "across")
        return measure(self._sides[0], left, self._sides[-1], right, context, self._background)

    def ranked(self, k: int) -> dict[str, Ranked]:
        """Return, per channel that finds anything, the first k of each listing's candidates, best first."""
        sides, right = self._sides[0], self._right
        found: dict[str, Ranked] = {}
        for modality in MODALITIES:
            here = np.flatnonzero(sides.present[modality])
            if modality in right.vectors and len(here):
                near = right.vectors[modality].search(sides.vectors[modality][here], k + 1)
                found[modality] = self._named(here, near, k)
        titled = np.flatnonzero(sides.present["text"])
        if len(titled):
            found["lexical"] = self._named(titled, right.lexical.search(sides.rows[titled], k + 1), k)
        return found

    def groups(self, pairs: Sequence[Ids], decided: Decisions) -> list[tuple[str, ...]]:
        """Return the groups that decided pairs of one catalog make, of those that an index would keep."""
        return group_pairs(
            pair
            for pair in decided.scored(pairs)
            if pair.verdict != "different" or pair.probability >= _FLOOR
        )

    def _named(self, places: NDArray[np.int64], near: Sequence[Neighbours], k: int) -> Ranked:
        names = {
            int(key): listing.id
            for key, listing in zip(_keys(self._right), self._sides[-1].listings, strict=True)
        }
        ranked: Ranked = {}
        for place, neighbours in zip(places, near, strict=True):
            listing = self._sides[0].listings[place].id
            others = [names[key] for key in neighbours.keys.tolist()]
            ranked[listing] = [other for other in others if other != listing][:k]
        return ranked

    def _open(
        self, folder: Path, listings: Sequence[Listing], embeddings: Embeddings, held: Sequence[Modality]
    ) -> Catalog:
        folder.mkdir(parents=True)
        database = open_database(folder / "catalog.db")
        self._stack.callback(database.close)
        catalog = Catalog("train", database, FaissIndex, TfidfIndex)
        catalog.ingest(_JOB, "0", 0, embeddings.arrival(listings, held))
        return catalog


def judge(measured: Measurements, models: Mapping[Situation, SituationModel]) -> Decisions:
    """Decide about measured pairs, each by the model of what both sides have."""
    return decide(measured, models, None)


def _keys(catalog: Catalog) -> Keys:
    return keys_of(catalog.jobs.listings(_JOB))
