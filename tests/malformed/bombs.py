"""Small files that ask for much memory or time."""

import io
import re
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.malformed.damage import Named, photo, saved

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SIZES = ((65_000, 65_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (50_000_001, 1), (0, 0), (0, 7), (7, 0))


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2, body: bytes = b"") -> bytes:
    """Return a PNG of this header; `body` are its deflated rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return SIGNATURE + header + b"".join(chunks) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _zeros(count: int) -> bytes:
    packer = zlib.compressobj(9)
    block = bytes(2**20)
    parts = [packer.compress(block[: min(2**20, count - at)]) for at in range(0, count, 2**20)]
    return b"".join(parts) + packer.flush()


def bmp(width: int, height: int, depth: int, compression: int, body: bytes) -> bytes:
    """Return a BMP with a grey palette."""
    palette = b"".join(bytes((i, i, i, 0)) for i in range(2**depth)) if depth <= 8 else b""
    start = 54 + len(palette)
    head = struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, compression, len(body), 1, 1, 0, 0)
    return head + info + palette + body


def webp_canvas(width: int, height: int) -> bytes:
    """Return a WebP whose canvas is of this size, around a small picture."""
    inner = saved(photo(), "WEBP")[12:]
    extended = b"VP8X" + struct.pack("<II", 10, 0) + (width - 1).to_bytes(3, "little")
    extended += (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 4 + len(extended) + len(inner)) + b"WEBP" + extended + inner


def webp_motion(width: int, height: int) -> bytes:
    """Return a WebP of two small frames on a canvas of this size."""
    data = bytearray(saved(photo(), "WEBP", save_all=True, append_images=[photo().rotate(90)]))
    data[24:30] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


def _sized_jpeg(width: int, height: int, **options: object) -> bytes:
    data = saved(photo(), "JPEG", **options)
    return re.sub(
        rb"(\xff[\xc0\xc2]..\x08)....", lambda m: m[1] + struct.pack(">HH", height, width), data, flags=re.S
    )


def scans(side: int, count: int) -> bytes:
    """Return a progressive JPEG that comes back to its pixels so many times, in a few bytes each."""
    data = saved(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def _gif(width: int, height: int, body: bytes) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + body + b";"


def _gif_frame(left: int, top: int, width: int, height: int) -> bytes:
    return b"," + struct.pack("<HHHHB", left, top, width, height, 0) + b"\x02\x02\x4c\x01\0"


def _frames() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("L", (8, 8), i % 256) for i in range(500)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def _declared() -> Iterator[Named]:
    for width, height in _SIZES:
        yield f"PNG of {width} x {height}", png(width, height, body=zlib.compress(bytes(1000)))
        limited = min(width, 2**31 - 1), min(height, 2**31 - 1)
        yield f"BMP of {width} x {height}", bmp(*limited, 24, 0, bytes(100))
        yield f"BMP of -{width} x -{height}", bmp(-limited[0], -limited[1], 24, 0, bytes(100))
    for width, height in ((65_500, 65_500), (65_500, 763), (1, 65_500), (0, 0), (0, 9), (9, 0)):
        yield f"JPEG of {width} x {height}", _sized_jpeg(width, height)
        yield f"progressive JPEG of {width} x {height}", _sized_jpeg(width, height, progressive=True)
        yield f"GIF of {width} x {height}", _gif(width, height, _gif_frame(0, 0, width, height))
    for width, height in ((16_384, 16_384), (65_536, 65_535), (2**24, 1), (10_000, 8_000)):
        yield f"WebP canvas of {width} x {height}", webp_canvas(width, height)
        yield f"WebP in motion on {width} x {height}", webp_motion(width, height)


def bombs() -> Iterator[Named]:
    """Yield files that are small and do not stay so."""
    yield from _declared()
    yield "GIF frame outside its screen", _gif(10, 10, _gif_frame(60_000, 60_000, 5_000, 5_000))
    yield "GIF frame larger than its screen", _gif(10, 10, _gif_frame(0, 0, 60_000, 60_000))
    yield "GIF with 500 frames", _frames()
    yield "PNG that inflates past its rows", png(10, 10, body=_zeros(200_000_000))
    yield "PNG of 49 million pixels in a few bytes", png(7_000, 7_000, body=_zeros(7_000 * 21_001))
    yield "PNG of 49 million transparent pixels", png(7_000, 7_000, colour=6, body=_zeros(7_000 * 28_001))
    yield (
        "PNG of 49 million pixels of 16 bits",
        png(7_000, 7_000, depth=16, colour=0, body=_zeros(7_000 * 14_001)),
    )
    yield (
        "PNG profile that inflates",
        png(9, 9, chunk(b"iCCP", b"p\0\0" + _zeros(200_000_000)), body=_zeros(252)),
    )
    yield (
        "PNG text that inflates",
        png(9, 9, chunk(b"zTXt", b"t\0\0" + _zeros(200_000_000)), body=_zeros(252)),
    )
    text = chunk(b"zTXt", b"t\0\0" + _zeros(1_000_000))
    yield "PNG with 200 texts that inflate", png(9, 9, *[text] * 200, body=_zeros(252))
    yield "PNG with 50,000 empty chunks", png(9, 9, *[chunk(b"prVt", b"")] * 50_000, body=_zeros(252))
    yield "PNG that asks for 2 GB of profile", SIGNATURE + struct.pack(">I", 2**31 - 1) + b"iCCP" + bytes(99)
    yield "JPEG with 5,000 scans of 16 million pixels", scans(4_000, 5_000)
    yield "JPEG with 200,000 scans of few pixels", scans(16, 200_000)
    jpeg = saved(photo(), "JPEG")
    for what, filling in (
        ("800,000 bits of EXIF", b"\xff\xe1\0\x0aExif\0\0II" * 800_000),
        ("2 million comments", b"\xff\xfe\0\x02" * 2_000_000),
        ("2 million comments after an end", b"\xff\xd9" + b"\xff\xfe\0\x02" * 2_000_000),
        ("10 million fill bytes", b"\xff" * 10_000_000),
        ("5 million restarts", b"\xff\xd0" * 5_000_000),
    ):
        yield f"JPEG with {what}", jpeg[:2] + filling + jpeg[2:]
    yield "BMP row by deltas", bmp(49_000_000, 1, 8, 1, b"\0\x02\xff\xff" * 10)
    yield "BMP line that is filled up", bmp(49_000_000, 1, 8, 1, b"\x01\x01\0\0")
    yield "BMP of single runs", bmp(7_000, 7_000, 8, 1, b"\x01\x07" * 1_000_000)
    yield "BMP of runs past its rows", bmp(7, 7_000_000, 8, 1, b"\xff\x07" * 1_000_000)
    yield "BMP of 4-bit runs", bmp(7_000, 7_000, 4, 2, b"\xff\x57" * 200_000)
