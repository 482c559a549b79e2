"""What the pipeline needs from the outside: encoders, image bytes, a memory of vectors."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats: TypeAlias = NDArray[np.float32]
Item = TypeVar("Item", contravariant=True)
Prepared = TypeVar("Prepared")


class Model(Protocol[Item, Prepared]):
    """One modality's model: `prepare` works on a single item and any thread, `forward` on a batch."""

    call_cost: int
    """What `forward` costs beside its items, in the unit of `cost`."""

    @property
    def name(self) -> str:
        """Library, model and a digest of weights and preprocessing; equal names mean comparable vectors."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def prepare(self, item: Item) -> Prepared:
        """Return what the model takes for one item."""

    def cost(self, prepared: Prepared) -> int:
        """Return a size: in a batch, every item costs as much as the largest."""

    def forward(self, batch: Sequence[Prepared]) -> NDArray[Any]:
        """Return vectors of any length, shape (n, dim)."""


class Encoder(Protocol[Item, Prepared]):
    """Turns items of one modality into embeddings."""

    @property
    def model(self) -> str:
        """The name that travels with every vector."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def prepare(self, item: Item) -> Prepared:
        """Do the part that needs no model, for one item; safe in any thread."""

    def embed(self, prepared: Sequence[Prepared]) -> Floats:
        """Return float32 vectors, shape (n, dim), each of length 1."""

    def encode(self, items: Sequence[Item]) -> Floats:
        """Prepare and embed; same result as the two."""


ImageEncoder: TypeAlias = Encoder[Image.Image, Any]
TextEncoder: TypeAlias = Encoder[str, Any]


class ImageSource(Protocol):
    """Where the bytes of a listing's image come from."""

    def get(self, reference: str) -> bytes:
        """Return the bytes.

        Raises:
            ImageRefused: there are none, or they may not be had.
            TransientError: the storage did not answer.
        """


class Decoder(Protocol):
    """Turns image bytes into pixels."""

    def decode(self, data: bytes) -> Image.Image:
        """Return an RGB image.

        Raises:
            ImageRefused: the bytes are not an image that is taken.
        """


class VectorCache(Protocol):
    """Remembers the float16 vector of content, by the SHA-256 of the content."""

    def get(self, digests: Sequence[str]) -> list[bytes | None]:
        """Return the vectors, None where there is none."""

    def put(self, vectors: Mapping[str, bytes]) -> None:
        """Remember vectors."""
