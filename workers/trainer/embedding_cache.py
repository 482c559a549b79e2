"""Embeddings of earlier times, a file per model: digests of the contents and vectors."""

import os
from hashlib import blake2b
from pathlib import Path

import numpy as np


class EmbeddingCache:
    """Embeddings of one model: `vectors` are float16 bytes (dim,) by digest of the content.

    Without a folder nothing is kept.
    """

    def __init__(self, folder: Path | None, model: str, dim: int) -> None:
        name = blake2b(model.encode(), digest_size=8).hexdigest()
        self._path = None if folder is None else folder / f"{name}.npy"
        self._row = np.dtype([("content", "S32"), ("vector", "<f2", (dim,))])
        self.vectors: dict[str, bytes] = {}
        if self._path is not None and self._path.exists():
            held = np.load(self._path, allow_pickle=False)
            self.vectors = {row["content"].decode(): row["vector"].tobytes() for row in held}

    def save(self) -> None:
        """Write all vectors to the model's file."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        held = np.empty(len(self.vectors), self._row)
        for row, (content, vector) in enumerate(self.vectors.items()):
            held[row] = (content.encode(), np.frombuffer(vector, "<f2"))
        # Whoever stops the run leaves the old file or the new one, never half of one.
        partial = self._path.with_suffix(f".{os.getpid()}.npy")
        np.save(partial, held)
        partial.replace(self._path)
