"""Score normalisation: how alike two images are, less how alike they are to any other image.

A plain white box is near to every white box; a red dress with one pattern is near to nothing else. Taking off
the similarity to a background of unrelated photos lets one threshold serve both (Pizzi et al., "A
Self-Supervised Descriptor for Image Copy Detection", 2022, section 5).
"""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.lib.format import read_array

from shared.errors import ArtifactError
from workers.index.arrays import Scores, Vectors

NEAR: Final = 5
"""Background photos whose mean similarity counts."""

WEIGHT: Final = 0.5
"""Share of it that is taken off; chosen with NEAR on held-out photos (`make eval-tower` prints the grid)."""

_BLOCK: Final = 1024


class Background:
    """Embeddings (m, dim) of photos that show none of what is compared."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def biases(self, vectors: Vectors) -> Scores:
        """Return for each vector (n, dim), of unit length or zero, the mean cosine of the NEAR nearest, (n,).

        The nearest are found in float32 and weighed in float64, so that no result depends on the batch.
        """
        parts = [self._block(vectors[start : start + _BLOCK]) for start in range(0, len(vectors), _BLOCK)]
        return np.concatenate([np.empty(0), *parts])

    def _block(self, vectors: Vectors) -> Scores:
        scores = vectors @ self._vectors.T
        near = min(NEAR, len(self._vectors))
        nearest = np.argpartition(-scores, near - 1, axis=1)[:, :near]
        exact = np.einsum("nd,nkd->nk", vectors.astype(np.float64), self._vectors[nearest].astype(np.float64))
        biases: Scores = np.round(np.sort(exact, axis=1).mean(axis=1), 9)
        return biases


def normalised(sims: Scores, biases_a: Scores, biases_b: Scores) -> Scores:
    """Return similarities (n,) less the shared part of both sides' biases (n,)."""
    scores: Scores = np.round(sims - WEIGHT * (biases_a + biases_b) / 2, 9)
    return scores


def load_background(path: Path, sha256: str, dim: int) -> Background:
    """Read a background, float16 (m, dim).

    Raises:
        ArtifactError: it is missing, or another one than the classifier was calibrated with.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path} is not a background: {error}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ArtifactError(f"{path} is not the background of this classifier: calibrate anew")
    try:
        vectors = read_array(BytesIO(content), allow_pickle=False)
    # numpy reads the header as Python, and raises whatever that does.
    except Exception as error:
        raise ArtifactError(f"{path} is not a background: {error}") from error
    if vectors.dtype != np.float16 or vectors.ndim != 2 or vectors.shape[1] != dim or not len(vectors):
        found = f"{vectors.dtype} of shape {vectors.shape}"
        raise ArtifactError(f"{path} holds {found}, expected (photos, {dim}) of float16")
    if not np.isfinite(vectors).all():
        raise ArtifactError(f"{path} holds vectors that are not finite")
    return Background(np.ascontiguousarray(vectors, np.float32))
