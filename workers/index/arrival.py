"""A chunk as it arrives from an encoder, checked."""

from dataclasses import dataclass

import numpy as np

from shared import blocks
from shared.messages import Listing, Rejection, Row
from workers.index.arrays import Modality


@dataclass(frozen=True, slots=True)
class Arrival:
    """What of a chunk is to be stored: listings and rejections by row, vectors as float16 bytes by row."""

    listings: dict[int, Listing]
    rejections: dict[int, Rejection]
    models: dict[Modality, tuple[str, int]]
    vectors: dict[Modality, dict[int, bytes]]


def read_arrival(rows: tuple[Row, ...], block: bytes) -> Arrival:
    """Join the rows of a chunk with its embedding block.

    Raises:
        CorruptBlock: the block cannot be read.
    """
    header, matrices = blocks.unpack(block)
    rejections = {row.rejection.row: row.rejection for row in rows if row.rejection is not None}
    rejections |= {rejection.row: rejection for rejection in header.rejections}
    listings = {row.row: row.listing for row in rows if row.listing is not None and row.row not in rejections}
    vectors: dict[Modality, dict[int, bytes]] = {}
    for head, data in zip(header.modalities, matrices, strict=True):
        matrix = np.frombuffer(data, "<f2").reshape(len(head.rows), head.dim)
        usable = np.isfinite(matrix).all(axis=1) & matrix.any(axis=1)
        vectors[head.modality] = {
            row: matrix[i].tobytes() for i, row in enumerate(head.rows) if usable[i] and row in listings
        }
        broken = [row for i, row in enumerate(head.rows) if not usable[i] and row in listings]
        rejections |= {row: _unusable(row, listings[row].id, head.modality) for row in broken}
    for row, listing in listings.items():
        if row not in rejections and not any(row in held for held in vectors.values()):
            rejections[row] = Rejection(
                row=row,
                listing_id=listing.id,
                code="listing_empty",
                detail="neither an image nor a title to compare",
            )
    return Arrival(
        listings={row: listing for row, listing in listings.items() if row not in rejections},
        rejections=rejections,
        models={head.modality: (head.model, head.dim) for head in header.modalities if head.rows},
        vectors=vectors,
    )


def _unusable(row: int, listing_id: str, modality: Modality) -> Rejection:
    return Rejection(
        row=row,
        listing_id=listing_id,
        code="embedding_unusable",
        detail=f"the {modality} embedding is zero or not a number",
    )
