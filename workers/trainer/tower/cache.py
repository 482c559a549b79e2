"""Photos decoded once, squashed to a small square and kept as one memory-mapped array."""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from workers.trainer.tower.errors import Refused
from workers.trainer.tower.photos import Photo

SIDE: Final = 160
"""Side of a cached photo in pixels; also the size at which the tower is used."""

BLOCK: Final = 512
"""Photos decoded between two progress lines; as many wait in memory at most."""

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Formats that are read, those of the encoder."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Decoded:
    """The photos that can be read, and what they show.

    Attributes:
        photos: those photos, in the order asked for.
        pixels: uint8 (len(photos), 3, SIDE, SIDE), read-only, backed by a file.
        unreadable: key → reason, for the others.
        digest: sha256 of the pixels.
    """

    photos: tuple[Photo, ...]
    pixels: Pixels
    unreadable: dict[str, str]
    digest: str


def squash(image: Image.Image, side: int = SIDE) -> Pixels:
    """Resize to a square, ignoring the aspect ratio, as the encoder's preprocessing does.

    Returns:
        uint8 array (3, side, side), RGB, 0-255.
    """
    small = image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(small, dtype=np.uint8).transpose(2, 0, 1))


def load_pixels(
    photos: Sequence[Photo],
    folder: Path,
    report: Callable[[str], None] = lambda _line: None,
    threads: int = 1,
) -> Decoded:
    """Open the cache of these photos, decoding them first where it is missing.

    The file name holds a digest of the photos' names and sizes, so other data never meets an old cache.

    Args:
        photos: photos in the order wanted.
        folder: where the cache files lie; 77 kB per photo.
        report: receives progress lines.
        threads: photos decoded at a time.

    Raises:
        Refused: no photo can be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listing = "\n".join(f"{photo.key} {_size(photo.path)}" for photo in photos)
    name = f"photos-{SIDE}-{hashlib.sha256(listing.encode()).hexdigest()[:16]}"
    file, index = folder / f"{name}.raw", folder / f"{name}.json"
    # The index is written last and under another name first: a run killed here leaves no half cache behind.
    if not index.exists():
        partial = index.with_suffix(".partial")
        partial.write_text(json.dumps(_decode(photos, file, report, threads)), encoding="utf-8")
        partial.rename(index)
    about = json.loads(index.read_text(encoding="utf-8"))
    unreadable: dict[str, str] = about["unreadable"]
    kept = tuple(photo for photo in photos if photo.key not in unreadable)
    if not kept:
        raise Refused(f"none of the {len(photos)} photos can be read")
    pixels = np.memmap(file, np.uint8, "r", shape=(len(kept), 3, SIDE, SIDE))
    return Decoded(kept, pixels, unreadable, about["sha256"])


def _decode(
    photos: Sequence[Photo], file: Path, report: Callable[[str], None], threads: int
) -> dict[str, Any]:
    """Write the pixels of all photos that can be read, one after the other."""
    unreadable: dict[str, str] = {}
    digest = hashlib.sha256()
    Image.init()  # Pillow's formats are not to be loaded by several threads at once
    with ThreadPoolExecutor(threads) as pool, file.open("wb") as out:
        for start in range(0, len(photos), BLOCK):
            report(f"decoded {start} of {len(photos)} photos")
            block = photos[start : start + BLOCK]
            for photo, outcome in zip(block, pool.map(_read, block), strict=True):
                if isinstance(outcome, str):
                    unreadable[photo.key] = outcome
                else:
                    out.write(outcome)
                    digest.update(outcome)
    return {"sha256": digest.hexdigest(), "unreadable": unreadable}


def _read(photo: Photo) -> bytes | str:
    """Give a photo's pixels, or why it has none."""
    try:
        with Image.open(photo.path, formats=FORMATS) as image:
            return squash(image).tobytes()
    except FileNotFoundError:
        return "there is no such file"
    # Pillow's plugins raise nearly any exception on broken files; each means the same here.
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"


def _size(file: Path) -> int:
    """Give the size of a file in bytes; -1 where there is none."""
    return file.stat().st_size if file.is_file() else -1
