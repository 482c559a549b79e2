"""Vectors as they travel: float16, little endian."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from shared.blocks import ModalityHeader
from workers.encoder.ports import Floats


def to_wire(vectors: Floats) -> list[bytes]:
    """Return each row of a float32 matrix, shape (n, dim), as little-endian float16 bytes."""
    return [row.tobytes() for row in np.ascontiguousarray(vectors, dtype="<f2")]


def matrix(
    modality: Literal["image", "text"], model: str, dim: int, vectors: Mapping[int, bytes]
) -> tuple[ModalityHeader, bytes]:
    """Return header and payload of one modality, rows in ascending order."""
    header = ModalityHeader(modality=modality, model=model, dim=dim, rows=tuple(sorted(vectors)))
    return header, b"".join(vectors[row] for row in header.rows)
