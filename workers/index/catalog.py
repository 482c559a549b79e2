"""A catalog: its store, and the indexes that are built from it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from shared.limits import Limits
from shared.messages import Listing, Rejection
from shared.titles import normalise_title
from workers.index.arrays import MODALITIES, Keys, Modality, Rows
from workers.index.arrival import Arrival
from workers.index.keys import key_of
from workers.index.layout_files import LayoutFiles
from workers.index.neighbourhood import Neighbourhood
from workers.index.ngrams import count_ngrams
from workers.index.ports import GiveWay, LexicalIndex, VectorIndex, nobody_waits
from workers.index.store import (
    Counts,
    Database,
    GroupTable,
    JobTable,
    ListingTable,
    OutcomeTable,
    PairTable,
)
from workers.index.store.listings import stored_vectors
from workers.index.vocabulary import Vocabulary


class Catalog:
    """One catalog, opened. Used by one task at a time.

    `vectors` has an index per modality that was seen; `vocabulary` counts the words of the titles. Who works
    on it for long calls `give_way` now and then, outside of transactions: others may search it then.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        make_vector_index: Callable[[int], VectorIndex],
        make_lexical_index: Callable[[], LexicalIndex],
        layouts: LayoutFiles | None = None,
        give_way: GiveWay = nobody_waits,
    ) -> None:
        self.name = name
        self.give_way = give_way
        self.database = database
        self.listings = ListingTable(database)
        self.jobs = JobTable(database)
        self.pairs = PairTable(database)
        self.groups = GroupTable(database)
        self.outcomes = OutcomeTable(database)
        self.vectors: dict[Modality, VectorIndex] = {}
        self._make_vector_index = make_vector_index
        self._layouts = layouts
        self.lexical = make_lexical_index()
        self.vocabulary = Vocabulary()
        self._neighbourhoods: dict[tuple[Limits, bytes | None], Neighbourhood] = {}

    def neighbourhood(self, limits: Limits, among: Keys | None = None, *, keep: bool = True) -> Neighbourhood:
        """Return what searches the catalog, or only `among` it; if kept, it remembers until a change.

        One is kept at a time: jobs with other limits would keep lists of a whole catalog each. A request in
        between leaves that of the job alone.
        """
        key = (limits, None if among is None else among.tobytes())
        found = self._neighbourhoods.get(key)
        if found is None:
            found = Neighbourhood(self.vectors, self.lexical, limits, among, self.give_way)
            if keep:
                self._neighbourhoods = {key: found}
        return found

    def load(self) -> None:
        """Build the indexes from the store."""
        for modality, (model, dim) in self.listings.models().items():
            self.vectors[modality] = self._make_vector_index(dim)
            known = self._layouts.read(modality, model) if self._layouts else None
            plan = known or self.listings.vector_count(modality)
            self.vectors[modality].fill(self.listings.vectors(modality), plan)
        self._keep_layouts()
        self.lexical.fill(self._counted(*part) for part in self.listings.titles())

    def model(self, modality: Modality) -> str | None:
        """Return the model whose embeddings the catalog holds, None before the first."""
        pinned = self.listings.models().get(modality)
        return pinned[0] if pinned else None

    def has(self, modality: Modality, keys: Keys) -> NDArray[np.bool_]:
        """Say of each key whether its listing has a vector of the modality."""
        index = self.vectors.get(modality)
        return np.zeros(len(keys), bool) if index is None else index.has(keys)

    def alike(self, keys: Keys) -> Keys:
        """Return distinct keys (n,) in an order in which listings that are like each other are close."""
        parts = []
        # Titles say most of what a listing is.
        for modality in reversed(MODALITIES):
            here = self.has(modality, keys)
            if here.any():
                parts.append(self.vectors[modality].alike(keys[here]))
            keys = keys[~here]
        return np.concatenate([*parts, keys])

    def ingest(self, job: str, unit: str, sequence: int, arrival: Arrival) -> Counts:
        """Store a chunk in one transaction and return its counts; one stored before changes nothing.

        A listing that a later job wrote stays as that job wrote it, and still belongs to this job.

        Raises:
            ProfileMismatch: the catalog holds embeddings of another model.
        """
        before = self.jobs.finished_chunk(job, unit)
        if before is not None:
            return before
        current: dict[int, Listing] = {}
        rejections = dict(arrival.rejections)
        with self.database.transaction():
            for modality, (model, dim) in arrival.models.items():
                self.listings.pin(self.name, modality, model, dim)
            sequences = self.listings.sequences(listing.id for listing in arrival.listings.values())
            for row, listing in sorted(arrival.listings.items()):
                if not self.jobs.add_row(job, listing.id, row):
                    rejections[row] = _repeated(row, listing.id)
                elif sequences.get(listing.id, -1) <= sequence:
                    current[row] = listing
            for rejection in rejections.values():
                self.jobs.add_rejection(job, rejection)
            written = self._changed(current, arrival, sequence)
            titles = [normalise_title(listing.title) for listing in written.values()]
            self._write(written, titles, arrival, sequence)
            counts = Counts(
                accepted=len(arrival.listings) + len(arrival.rejections) - len(rejections),
                rejected=len(rejections),
            )
            self.jobs.finish_chunk(job, unit, counts)
        self._index(written, titles, arrival)
        return counts

    def _changed(self, current: dict[int, Listing], arrival: Arrival, sequence: int) -> dict[int, Listing]:
        """Return the listings that say something else than before, or that were not there."""
        unchanged = self.listings.unchanged(
            (listing, {modality: held[row] for modality, held in arrival.vectors.items() if row in held})
            for row, listing in current.items()
        )
        self.listings.confirm((listing for listing in current.values() if listing.id in unchanged), sequence)
        return {row: listing for row, listing in current.items() if listing.id not in unchanged}

    def _write(self, written: dict[int, Listing], titles: list[str], arrival: Arrival, sequence: int) -> None:
        if not written:
            return
        self.outcomes.clear()
        self.pairs.drop_of([listing.id for listing in written.values()])
        self.listings.upsert(list(written.values()), titles, sequence)
        for modality, held in arrival.vectors.items():
            rows = [row for row in written if row in held]
            self.listings.put_vectors(
                modality, [key_of(written[row].id) for row in rows], [held[row] for row in rows]
            )

    def _index(self, written: dict[int, Listing], titles: list[str], arrival: Arrival) -> None:
        if written:
            self._neighbourhoods.clear()
        numbers = {row: key_of(listing.id) for row, listing in written.items()}
        for modality in MODALITIES:
            held = {row: data for row, data in arrival.vectors.get(modality, {}).items() if row in written}
            bare = np.array([key for row, key in numbers.items() if row not in held], np.int64)
            if modality in self.vectors and len(bare):
                self.vectors[modality].delete(bare)
            if held:
                if modality not in self.vectors:
                    self.vectors[modality] = self._make_vector_index(arrival.models[modality][1])
                keys = np.array([numbers[row] for row in held], np.int64)
                self.vectors[modality].upsert(keys, stored_vectors(list(held.values())))
        self._index_titles(list(numbers.values()), titles)
        self._keep_layouts()

    def _keep_layouts(self) -> None:
        """Write down what was expensive to make where much of it is new."""
        for modality, index in self.vectors.items() if self._layouts else ():
            layout = index.new_layout()
            if self._layouts and layout is not None:
                self._layouts.write(modality, self.model(modality) or "", layout)

    def _index_titles(self, numbers: list[int], titles: list[str]) -> None:
        if numbers:
            self.lexical.upsert(*self._counted(numbers, titles))

    def _counted(self, numbers: list[int], titles: list[str]) -> tuple[Keys, Rows]:
        self.vocabulary.upsert(numbers, titles)
        return np.array(numbers, np.int64), count_ngrams(titles)


def _repeated(row: int, listing_id: str) -> Rejection:
    return Rejection(
        row=row,
        listing_id=listing_id,
        code="listing_duplicate_id",
        detail="another row of this submission has the same id",
    )
