"""The listings of an interactive request, made ready for comparison."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.blocks import BlockHeader, unpack
from shared.messages import Query
from shared.titles import normalise_title
from workers.index.arrays import MODALITIES, Modality, Vectors
from workers.index.ngrams import count_ngrams
from workers.index.sides import Sides, make_sides
from workers.index.store import StoredListing
from workers.index.store.listings import details_of, unit_vectors

# Below the keys of stored listings, and below the one that stands for none: a listing of a catalog may be
# called what a side of a request is called.
_FIRST_KEY: Final = -2


def models_in(header: BlockHeader) -> dict[Modality, str]:
    """Return the models whose vectors the block holds."""
    return {head.modality: head.model for head in header.modalities if head.rows}


def query_sides(query: Query, block: bytes) -> Sides:
    """Join the listings of a query with their embeddings, whose rows are places in the query.

    Raises:
        CorruptBlock: the block cannot be read.
    """
    header, matrices = unpack(block)
    count = len(query.listings)
    present: dict[Modality, NDArray[np.bool_]] = {modality: np.zeros(count, bool) for modality in MODALITIES}
    vectors: dict[Modality, Vectors] = {}
    for head, data in zip(header.modalities, matrices, strict=True):
        if head.rows:
            size = len(data) // len(head.rows)
            rows = list(head.rows)
            vectors[head.modality] = np.zeros((count, head.dim), np.float32)
            vectors[head.modality][rows] = unit_vectors(
                [data[start : start + size] for start in range(0, len(data), size)]
            )
            present[head.modality][rows] = True
    listings = [
        StoredListing(
            _FIRST_KEY - place,
            listing.id,
            listing.title,
            normalise_title(listing.title),
            listing.image,
            details_of(listing.attributes),
        )
        for place, listing in enumerate(query.listings)
    ]
    return make_sides(listings, vectors, present, count_ngrams([listing.normalised for listing in listings]))
