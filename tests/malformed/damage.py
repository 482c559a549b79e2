"""Good pictures, and what damage makes of them."""

import io
import random
from collections.abc import Iterator

import numpy as np
from PIL import Image

Named = tuple[str, bytes]
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_SHARES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97)
_FLIPS = 20


def photo(width: int = 60, height: int = 40) -> Image.Image:
    """Return a picture with shapes and noise, always the same."""
    noise = np.random.default_rng(3).integers(0, 40, (height, width, 3))
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    waves = np.stack([np.sin(x / 9), np.cos(y / 7), np.sin((x + y) / 11)], axis=-1) * 90 + 120
    return Image.fromarray((waves + noise).clip(0, 255).astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return the bytes of a file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _cut(kind: str, data: bytes) -> Iterator[Named]:
    for share in _SHARES:
        yield f"{kind} cut at {share:.0%}", data[: int(len(data) * share)]
    yield f"{kind} without its last byte", data[:-1]
    yield f"{kind} without its first byte", data[1:]
    yield f"{kind} without its middle", data[: len(data) // 3] + data[len(data) // 2 :]


def _flipped(kind: str, data: bytes, rng: random.Random) -> Iterator[Named]:
    for number in range(_FLIPS):
        damaged = bytearray(data)
        # Half of the damage in the first bytes, where sizes and tables are.
        end = min(len(data), 64) if number % 2 else len(data)
        for _ in range(1 + number % 5):
            damaged[rng.randrange(end)] ^= 1 << rng.randrange(8)
        yield f"{kind} flipped {number}", bytes(damaged)


def _mixed(files: dict[str, bytes]) -> Iterator[Named]:
    for first, head in files.items():
        for second, tail in files.items():
            if first != second:
                yield f"{first} head on {second}", head[:16] + tail[16:]
                yield f"{first} before {second}", head[: len(head) // 2] + tail


def damaged(seed: int) -> Iterator[Named]:
    """Yield each format cut, flipped, filled up, and mixed with the others."""
    rng = random.Random(seed)
    files = {kind: saved(photo(), kind) for kind in FORMATS}
    files["progressive"] = saved(photo(), "JPEG", progressive=True)
    for kind, data in files.items():
        yield from _cut(kind, data)
        yield from _flipped(kind, data, rng)
        yield f"{kind} then zeros", data[:20] + bytes(2000)
        yield f"{kind} then noise", data[:40] + rng.randbytes(2000)
        yield f"{kind} twice", data + data
        yield f"{kind} in HTML", b"<!doctype html><img>" + data
        yield f"{kind} after a line break", b"\r\n" + data
    yield from _mixed(files)
