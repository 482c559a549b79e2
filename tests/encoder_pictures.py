"""Image bytes of every kind, made with Pillow."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


def scene(width: int = 96, height: int = 64, seed: int = 1) -> Image.Image:
    """Return a colourful RGB picture whose corners differ."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    waves = [np.sin((seed + 1) * 3 * x + channel) * np.cos((seed + channel) * 2 * y) for channel in range(3)]
    return Image.fromarray(((np.stack(waves, axis=-1) + 1) * 127).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Return the bytes of an image file."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def declared_png(width: int, height: int) -> bytes:
    """Return a small PNG that claims to be `width` x `height` pixels."""

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _png((b"IHDR", header), (b"IDAT", zlib.compress(b"\x00" * 1000)))


def grey_png(bits: int, levels: list[int], clear: int) -> bytes:
    """Return a PNG of one row of grey pixels of 8 or 16 bits; those of the level `clear` are transparent."""
    header = struct.pack(">IIBBBBB", len(levels), 1, bits, 0, 0, 0, 0)
    row = struct.pack(f">B{len(levels)}{'H' if bits == 16 else 'B'}", 0, *levels)
    return _png((b"IHDR", header), (b"tRNS", struct.pack(">H", clear)), (b"IDAT", zlib.compress(row)))


def _png(*parts: tuple[bytes, bytes]) -> bytes:
    made = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in (*parts, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)
