"""Vectors of length 1, and as they travel: float16, little endian."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shared.blocks import ModalityHeader
from workers.encoder.ports import Floats


def unit_rows(vectors: NDArray[Any]) -> Floats:
    """Return the rows scaled to length 1, float32, shape unchanged; computed per row in float64.

    Raises:
        ArithmeticError: a row has no direction, being zero or not finite.
    """
    exact = np.asarray(vectors, dtype=np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", exact, exact))
    if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
        raise ArithmeticError("a model returned a vector that is zero or not finite")
    scaled: Floats = (exact / lengths[:, None]).astype(np.float32)
    return scaled


def to_wire(vectors: Floats) -> list[bytes]:
    """Return each row of a float32 matrix, shape (n, dim), as little-endian float16 bytes."""
    return [row.tobytes() for row in np.ascontiguousarray(vectors, dtype="<f2")]


def matrix(
    modality: Literal["image", "text"], model: str, dim: int, vectors: Mapping[int, bytes]
) -> tuple[ModalityHeader, bytes]:
    """Return header and payload of one modality, rows in ascending order."""
    header = ModalityHeader(modality=modality, model=model, dim=dim, rows=tuple(sorted(vectors)))
    return header, b"".join(vectors[row] for row in header.rows)
