"""What is compared: the tower as shipped, the same network with random weights, and the perceptual hash."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import imagehash
import numpy as np
import numpy.typing as npt
import open_clip
import torch
from PIL import Image

Vectors = npt.NDArray[np.float32]


class PhotoEncoder(Protocol):
    """Turns photos into rows whose products are similarities, higher is closer."""

    name: str

    def encode(self, photos: Iterable[Image.Image]) -> Vectors:
        """Encode RGB photos of any size into float32 (n, d), rows of unit length."""
        ...


class TowerEncoder:
    """An open_clip folder, opened the way the encoder process opens it."""

    def __init__(self, folder: Path, *, random_weights: bool = False, batch: int = 64) -> None:
        """Load the weights, or with `random_weights` only the architecture, seeded."""
        self.name = "random tower" if random_weights else "tower"
        self._batch = batch
        torch.manual_seed(0)
        model, _, self._prepare = open_clip.create_model_and_transforms(
            f"local-dir:{folder}",
            load_weights=not random_weights,
            require_pretrained=not random_weights,
        )
        self._model = model.eval()

    def encode(self, photos: Iterable[Image.Image]) -> Vectors:
        """Encode photos; see `PhotoEncoder`."""
        parts: list[torch.Tensor] = []
        waiting: list[torch.Tensor] = []
        for photo in photos:
            waiting.append(self._prepare(photo))
            if len(waiting) == self._batch:
                parts.append(self._embed(waiting))
                waiting = []
        if waiting:
            parts.append(self._embed(waiting))
        return torch.cat(parts).numpy()

    @torch.no_grad()
    def _embed(self, batch: list[torch.Tensor]) -> torch.Tensor:
        """Embed prepared photos, (n, DIM), unit length."""
        embeddings: torch.Tensor = self._model.encode_image(torch.stack(batch), normalize=True)
        return embeddings


class HashEncoder:
    """The 64-bit perceptual hash of `imagehash`, as unit vectors: a product is 1 - distance / 32."""

    name = "pHash"

    def encode(self, photos: Iterable[Image.Image]) -> Vectors:
        """Hash photos; see `PhotoEncoder`."""
        bits = np.stack([imagehash.phash(photo).hash.flatten() for photo in photos])
        return np.where(bits, 0.125, -0.125).astype(np.float32)


def encode_files(
    encoder: PhotoEncoder, files: Iterable[Path], each: Callable[[], None] = lambda: None
) -> Vectors:
    """Encode photo files one after the other, in bounded memory; `each` is called after every file."""

    def opened() -> Iterable[Image.Image]:
        for file in files:
            with Image.open(file) as photo:
                yield photo.convert("RGB")
            each()

    return encoder.encode(opened())
