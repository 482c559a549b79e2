"""What is compared: towers, with trained or random weights, and the perceptual hash (HOG: see `hog`)."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

import imagehash
import numpy as np
import numpy.typing as npt
import open_clip
import torch
from PIL import Image

Vectors = npt.NDArray[np.float32]

BLOCK: Final = 64
"""Photos held in memory at a time."""


class PhotoEncoder(Protocol):
    """Turns photos into rows whose products are similarities, higher is closer."""

    name: str

    def encode(self, photos: Iterable[Image.Image]) -> Vectors:
        """Encode RGB photos of any size into float32 (n, d), rows of unit length."""
        ...


class TowerEncoder:
    """An open_clip folder, opened the way the encoder process opens it."""

    def __init__(
        self, folder: Path, *, name: str = "", random_weights: bool = False, batch: int = BLOCK
    ) -> None:
        """Load the weights, or with `random_weights` only the architecture, seeded."""
        self.name = name or ("random tower" if random_weights else "tower")
        self._batch = batch
        torch.manual_seed(0)
        model, _, self._prepare = open_clip.create_model_and_transforms(
            f"local-dir:{folder}",
            load_weights=not random_weights,
            require_pretrained=not random_weights,
        )
        self._model = model.eval().to(memory_format=torch.channels_last)

    @property
    def parameters(self) -> int:
        """Number of weights of the image part."""
        return sum(weight.numel() for weight in self._model.visual.parameters())

    def encode(self, photos: Iterable[Image.Image]) -> Vectors:
        """Encode photos; see `PhotoEncoder`."""
        parts: list[torch.Tensor] = []
        waiting: list[torch.Tensor] = []
        for photo in photos:
            waiting.append(self._prepare(photo))
            if len(waiting) == self._batch:
                parts.append(self.embed(torch.stack(waiting)))
                waiting = []
        if waiting:
            parts.append(self.embed(torch.stack(waiting)))
        return torch.cat(parts).numpy()

    def prepare(self, photos: Sequence[Image.Image]) -> torch.Tensor:
        """Turn RGB photos into the tower's input, float32 (n, 3, height, width)."""
        return torch.stack([self._prepare(photo) for photo in photos])

    @torch.no_grad()
    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """Embed prepared photos, float32 (n, DIM), unit length."""
        embeddings: torch.Tensor = self._model.encode_image(
            batch.contiguous(memory_format=torch.channels_last), normalize=True
        )
        return embeddings


class HashEncoder:
    """The 64-bit perceptual hash of `imagehash`, as unit vectors: a product is 1 - distance / 32."""

    name = "pHash"

    def encode(self, photos: Iterable[Image.Image]) -> Vectors:
        """Hash photos; see `PhotoEncoder`."""
        bits = np.stack([imagehash.phash(photo).hash.flatten() for photo in photos])
        return np.where(bits, 0.125, -0.125).astype(np.float32)


def open_photo(file: Path) -> Image.Image:
    """Read a photo as RGB."""
    with Image.open(file) as photo:
        return photo.convert("RGB")


def encode_files(
    encoder: PhotoEncoder, files: Iterable[Path], each: Callable[[], None] = lambda: None
) -> Vectors:
    """Encode photo files one after the other, in bounded memory; `each` is called after every file."""

    def opened() -> Iterable[Image.Image]:
        for file in files:
            yield open_photo(file)
            each()

    return encoder.encode(opened())


def encode_all(
    encoders: Sequence[PhotoEncoder], files: Sequence[Path], report: Callable[[str], None]
) -> dict[str, Vectors]:
    """Read each photo once and encode it with every encoder.

    Args:
        encoders: what is compared.
        files: photos.
        report: receives progress lines.

    Returns:
        encoder name → float32 (len(files), d).
    """
    parts: dict[str, list[Vectors]] = {encoder.name: [] for encoder in encoders}
    for start in range(0, len(files), BLOCK):
        photos = [open_photo(file) for file in files[start : start + BLOCK]]
        for encoder in encoders:
            parts[encoder.name].append(encoder.encode(photos))
        if start % (8 * BLOCK) == 0:
            report(f"encoded {start + len(photos)} of {len(files)} photos")
    return {name: np.concatenate(blocks) for name, blocks in parts.items()}
