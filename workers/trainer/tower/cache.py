"""Photos decoded once, squashed to a small square and kept as one memory-mapped array."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from workers.trainer.tower.photos import Photo

SIDE = 160
"""Side of a cached photo in pixels; also the size at which the tower is used."""

Pixels = npt.NDArray[np.uint8]


def squash(image: Image.Image, side: int = SIDE) -> Pixels:
    """Resize to a square, ignoring the aspect ratio, as the encoder's preprocessing does.

    Returns:
        uint8 array (3, side, side), RGB, 0-255.
    """
    small = image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(small, dtype=np.uint8).transpose(2, 0, 1))


def load_pixels(
    photos: Sequence[Photo], folder: Path, report: Callable[[str], None] = lambda _line: None
) -> Pixels:
    """Open the cache of these photos, decoding them first where it is missing.

    The file name holds a digest of the photos' names and sizes, so other data never meets an old cache.

    Args:
        photos: photos in the order wanted.
        folder: where the cache file lies; some 77 kB per photo.
        report: receives progress lines.

    Returns:
        uint8 array (n, 3, SIDE, SIDE), read-only, backed by the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listing = "\n".join(f"{photo.key} {photo.path.stat().st_size}" for photo in photos)
    digest = hashlib.sha256(listing.encode()).hexdigest()[:16]
    file = folder / f"photos-{SIDE}-{digest}.npy"
    if not file.exists():
        # Written under another name first: a run that is killed here must not leave half a cache behind.
        partial = file.with_suffix(".partial")
        array = np.lib.format.open_memmap(
            partial, mode="w+", dtype=np.uint8, shape=(len(photos), 3, SIDE, SIDE)
        )
        for row, photo in enumerate(photos):
            with Image.open(photo.path) as image:
                array[row] = squash(image)
            if row % 1000 == 0:
                report(f"decoded {row} of {len(photos)} photos")
        array.flush()
        del array
        partial.rename(file)
    pixels: Pixels = np.load(file, mmap_mode="r", allow_pickle=False)
    return pixels
