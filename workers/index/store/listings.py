"""Listings and their vectors."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shared.errors import ProfileMismatch
from shared.messages import AttributeValue, Listing
from workers.index.arrays import Keys, Modality, Vectors
from workers.index.keys import key_of
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

    def sequence(self, listing_id: str) -> int:
        """Return the sequence number of the job that last wrote the listing, -1 if it is not there."""
        row = self._db.execute("SELECT sequence FROM listings WHERE id = ?", (listing_id,)).fetchone()
        return int(row[0]) if row else -1

    def unchanged(self, listing: Listing, data: dict[Modality, bytes]) -> bool:
        """Say whether the listing is there with the same title, attributes and vectors."""
        key = key_of(listing.id)
        stored = self.get([key]).get(key)
        if stored is None or (stored.title, stored.details) != (
            listing.title,
            details_of(listing.attributes),
        ):
            return False
        rows = self._db.execute(
            "SELECT modality, data FROM vectors WHERE key = ? AND modality IN ('image', 'text')", (key,)
        )
        return dict(rows.fetchall()) == data

    def upsert(self, listing: Listing, normalised: str, sequence: int) -> None:
        """Write the listing; its vectors are gone and have to be written anew."""
        key = key_of(listing.id)
        self._db.execute("DELETE FROM listings WHERE id = ?", (listing.id,))
        self._db.execute(
            "INSERT INTO listings VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                listing.id,
                listing.title,
                normalised,
                listing.image,
                details_of(listing.attributes),
                sequence,
            ),
        )
        self._db.execute("DELETE FROM vectors WHERE key = ? AND modality IN ('image', 'text')", (key,))

    def put_vectors(self, modality: Modality, keys: Iterable[int], data: Iterable[bytes]) -> None:
        """Write vectors as float16 bytes."""
        rows = ((key, modality, blob) for key, blob in zip(keys, data, strict=True))
        self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    def get(self, keys: Iterable[int]) -> dict[int, StoredListing]:
        """Return the listings of those keys that are there."""
        wanted, found = list(keys), dict[int, StoredListing]()
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            query = (
                f"SELECT key, id, title, normalised, image, attributes FROM listings WHERE key IN ({marks})"  # noqa: S608
            )
            found.update((row[0], StoredListing(*row)) for row in self._db.execute(query, part))
        return found

    def titles(self) -> Iterator[tuple[list[int], list[str]]]:
        """Yield keys and normalised titles of all listings, part by part."""
        cursor = self._db.execute("SELECT key, normalised FROM listings ORDER BY key")
        while part := cursor.fetchmany(_AT_ONCE):
            yield [row[0] for row in part], [row[1] for row in part]

    def vector_count(self, modality: Modality) -> int:
        """Return how many listings have a vector of the modality."""
        row = self._db.execute("SELECT count(*) FROM vectors WHERE modality = ?", (modality,)).fetchone()
        return int(row[0])

    def vectors(self, modality: Modality) -> Iterator[tuple[Keys, Vectors]]:
        """Yield keys (n,) and unit vectors (n, dim) of all listings that have one, part by part."""
        cursor = self._db.execute(
            "SELECT key, data FROM vectors WHERE modality = ? ORDER BY key", (modality,)
        )
        while part := cursor.fetchmany(_AT_ONCE):
            yield np.array([row[0] for row in part], np.int64), unit_vectors([row[1] for row in part])


def unit_vectors(data: Sequence[bytes]) -> Vectors:
    """Return float16 bytes as rows (n, dim) of float32 of length 1: rounding has moved them a little."""
    rows = np.frombuffer(b"".join(data), "<f2").reshape(len(data), -1).astype(np.float64)
    units: Vectors = (rows / np.sqrt((rows * rows).sum(axis=1, keepdims=True))).astype(np.float32)
    return units
