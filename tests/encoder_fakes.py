"""Hand-written stand-ins for what the encoder's pipeline is connected to."""

import threading
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.encoder.refusal import ImageRefused


class FakeImageModel:
    """Says the mean colour; counts what it was asked."""

    name = "fake:image#1"
    dim = 3
    call_cost = 0

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.prepared = 0
        self._lock = threading.Lock()

    def prepare(self, item: Image.Image) -> NDArray[np.float64]:
        with self._lock:
            self.prepared += 1
        return np.asarray(item, dtype=np.float64).mean(axis=(0, 1)) + 1

    def cost(self, prepared: NDArray[np.float64]) -> int:
        return 1

    def forward(self, batch: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        self.batches.append(len(batch))
        return np.stack(batch)


class FakeTextModel:
    """Says how long a title is; counts what it was asked."""

    name = "fake:text#1"
    dim = 2
    call_cost = 100

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def prepare(self, item: str) -> str:
        return item

    def cost(self, prepared: str) -> int:
        return len(prepared)

    def forward(self, batch: Sequence[str]) -> NDArray[np.float64]:
        self.batches.append(list(batch))
        return np.array([[len(title), 1.0] for title in batch])


class FakeCache:
    """Remembers in a dictionary."""

    def __init__(self) -> None:
        self.vectors: dict[str, bytes] = {}

    def get(self, digests: Sequence[str]) -> list[bytes | None]:
        return [self.vectors.get(digest) for digest in digests]

    def put(self, vectors: Mapping[str, bytes]) -> None:
        self.vectors |= vectors


class FakeSource:
    """Has the images it was given, and at most so many of them in use at once."""

    def __init__(self, images: Mapping[str, bytes | Exception]) -> None:
        self.images = dict(images)
        self.asked: list[str] = []

    def get(self, reference: str) -> bytes:
        self.asked.append(reference)
        found = self.images.get(reference, ImageRefused("image_missing", "no such image"))
        if isinstance(found, Exception):
            raise found
        return found
