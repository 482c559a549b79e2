"""Listings and their vectors."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from shared.errors import ProfileMismatch
from shared.messages import AttributeValue, Listing
from workers.index.arrays import MODALITIES, Halves, Keys, Modality, Vectors
from workers.index.halves import units_of
from workers.index.keys import key_of, keys_of
from workers.index.store.database import Database

# Below SQLite's limit of bound values per statement.
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class StoredListing:
    """A listing as the catalog keeps it.

    `normalised` is its title as it was encoded, `details` its attributes as `details_of` writes them, which
    are read when they are asked for: most listings are looked at for their title only.
    """

    key: int
    id: str
    title: str
    normalised: str
    image: str | None
    details: str

    @property
    def attributes(self) -> dict[str, AttributeValue]:
        """The attributes, read anew each time."""
        return dict(json.loads(self.details))


def details_of(attributes: Mapping[str, AttributeValue]) -> str:
    """Return attributes as JSON, the same text for the same attributes."""
    return json.dumps(attributes, sort_keys=True, ensure_ascii=False)


class ListingTable:
    """Access to listings, vectors and the models that made them."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection

    def pin(self, catalog: str, modality: Modality, model: str, dim: int) -> None:
        """Bind the catalog to a model at first sight.

        Raises:
            ProfileMismatch: it is bound to another one.
        """
        self._db.execute("INSERT OR IGNORE INTO models VALUES (?, ?, ?)", (modality, model, dim))
        pinned = self.models()[modality]
        if pinned != (model, dim):
            raise ProfileMismatch(
                f"catalog {catalog} holds {modality} embeddings of {pinned[0]} (dimension {pinned[1]}), "
                f"this encoder made {model} (dimension {dim}): "
                "use the profile that filled it, or another catalog"
            )

    def models(self) -> dict[Modality, tuple[str, int]]:
        """Return model and dimension per modality."""
        return {name: (model, dim) for name, model, dim in self._db.execute("SELECT * FROM models")}

    def sequences(self, listing_ids: Iterable[str]) -> dict[str, int]:
        """Return, for those listings that are there, the sequence number of the job that wrote them last."""
        keys = keys_of(listing_ids).tolist()
        return dict(self._select("SELECT id, sequence FROM listings WHERE key IN ({marks})", keys))

    def unchanged(self, listings: Iterable[tuple[Listing, dict[Modality, bytes]]]) -> set[str]:
        """Return the ids of those that are there with the same title, attributes and vectors."""
        arrived = {key_of(listing.id): (listing, data) for listing, data in listings}
        stored = self.get(arrived)
        held: dict[int, dict[Modality, bytes]] = {key: {} for key in stored}
        for modality in MODALITIES:
            query = f"SELECT key, data FROM vectors WHERE modality = '{modality}' AND key IN ({{marks}})"  # noqa: S608
            for key, data in self._select(query, list(stored)):
                held[key][modality] = data
        return {
            stored[key].id
            for key, (listing, data) in arrived.items()
            if key in stored
            and stored[key].title == listing.title
            and stored[key].details == details_of(listing.attributes)
            and held[key] == data
        }

    def confirm(self, listings: Iterable[Listing], sequence: int) -> None:
        """Note that a job brought these listings unchanged, perhaps with another address of the image."""
        rows = ((sequence, listing.image, key_of(listing.id)) for listing in listings)
        self._db.executemany("UPDATE listings SET sequence = ?, image = ? WHERE key = ?", rows)

    def upsert(self, listings: Sequence[Listing], titles: Sequence[str], sequence: int) -> None:
        """Write listings with their normalised titles; their vectors are gone and have to be written anew."""
        keys = keys_of(listing.id for listing in listings).tolist()
        self._db.executemany("DELETE FROM listings WHERE id = ?", ((listing.id,) for listing in listings))
        self._db.executemany(
            "INSERT INTO listings VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (key, each.id, each.title, title, each.image, details_of(each.attributes), sequence)
                for key, each, title in zip(keys, listings, titles, strict=True)
            ),
        )
        self._db.executemany("DELETE FROM vectors WHERE modality = ? AND key = ?", product(MODALITIES, keys))

    def put_vectors(self, modality: Modality, keys: Iterable[int], data: Iterable[bytes]) -> None:
        """Write vectors as float16 bytes."""
        rows = ((key, modality, blob) for key, blob in zip(keys, data, strict=True))
        self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    def get(self, keys: Iterable[int]) -> dict[int, StoredListing]:
        """Return the listings of those keys that are there."""
        query = "SELECT key, id, title, normalised, image, attributes FROM listings WHERE key IN ({marks})"
        return {row[0]: StoredListing(*row) for row in self._select(query, list(keys))}

    def _select(self, query: str, values: list[int]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query about any number of values."""
        for start in range(0, len(values), _AT_ONCE):
            part = values[start : start + _AT_ONCE]
            yield from self._db.execute(query.format(marks=",".join("?" * len(part))), part)

    def titles(self) -> Iterator[tuple[list[int], list[str]]]:
        """Yield keys and normalised titles of all listings, part by part."""
        cursor = self._db.execute("SELECT key, normalised FROM listings ORDER BY key")
        while part := cursor.fetchmany(_AT_ONCE):
            yield [row[0] for row in part], [row[1] for row in part]

    def vector_count(self, modality: Modality) -> int:
        """Return how many listings have a vector of the modality."""
        row = self._db.execute("SELECT count(*) FROM vectors WHERE modality = ?", (modality,)).fetchone()
        return int(row[0])

    def vectors(self, modality: Modality) -> Iterator[tuple[Keys, Halves]]:
        """Yield keys (n,) and vectors (n, dim) of all listings that have one, in order, part by part."""
        cursor = self._db.execute(
            "SELECT key, data FROM vectors WHERE modality = ? ORDER BY key", (modality,)
        )
        while part := cursor.fetchmany(_AT_ONCE):
            yield np.array([row[0] for row in part], np.int64), stored_vectors([row[1] for row in part])


def stored_vectors(data: Sequence[bytes]) -> Halves:
    """Return float16 bytes as rows (n, dim)."""
    return np.frombuffer(b"".join(data), "<f2").reshape(len(data), -1)


def unit_vectors(data: Sequence[bytes]) -> Vectors:
    """Return float16 bytes as rows (n, dim) of float32 of length 1."""
    return units_of(stored_vectors(data))
