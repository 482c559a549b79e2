"""Files that are rare, strange, or something else than they say."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.malformed.bombs import SIGNATURE, bmp, chunk, png
from tests.malformed.damage import Named, photo, saved


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _jpeg_with(*segments: bytes) -> bytes:
    data = saved(photo(), "JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def _exif(entries: bytes, count: int) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", count) + entries + bytes(4)


def _metadata(rng: random.Random) -> Iterator[Named]:
    turned = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    far = struct.pack("<HHII", 0x010E, 2, 2**32 - 1, 2**32 - 1)
    loop = struct.pack("<HHII", 0x8769, 4, 1, 8)
    bodies = {
        "EXIF that turns it": _exif(turned, 1),
        "EXIF with orientation 99": _exif(struct.pack("<HHIHH", 0x0112, 3, 1, 99, 0), 1),
        "EXIF with a text for orientation": _exif(struct.pack("<HHI4s", 0x0112, 2, 4, b"six"), 1),
        "EXIF that points far out": _exif(far, 1),
        "EXIF that points to itself": _exif(loop, 1),
        "EXIF that turns and points far out": _exif(turned + far, 2),
        "EXIF with more entries than bytes": _exif(turned, 65_535),
        "EXIF of noise": b"Exif\0\0" + rng.randbytes(500),
        "EXIF of nothing": b"Exif\0\0",
        "XMP without end": b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta" + b"<a" * 20_000,
        "XMP with entities": b'http://ns.adobe.com/xap/1.0/\0<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>',
    }
    for name, body in bodies.items():
        yield f"JPEG with {name}", _jpeg_with(_segment(0xE1, body))
        if body.startswith(b"Exif"):
            yield f"PNG with {name}", png(9, 9, chunk(b"eXIf", body[6:]), body=zlib.compress(bytes(252)))
            yield f"WebP with {name}", saved(photo(), "WEBP", exif=body)
    yield (
        "JPEG with a profile of noise",
        _jpeg_with(_segment(0xE2, b"ICC_PROFILE\0\x01\x01" + rng.randbytes(900))),
    )
    yield (
        "JPEG with a profile in 9 of 255 parts",
        _jpeg_with(*[_segment(0xE2, b"ICC_PROFILE\0" + bytes((9, 255)) + bytes(99))] * 9),
    )
    yield "JPEG with 10 MB of metadata", _jpeg_with(*[_segment(0xE5, bytes(65_000))] * 150)
    yield "JPEG with 500 comments", _jpeg_with(*[_segment(0xFE, b"")] * 500)
    yield "JPEG with a short segment", _jpeg_with(b"\xff\xe1\0\x01")
    yield "JPEG with a broken MPF", _jpeg_with(_segment(0xE2, b"MPF\0" + rng.randbytes(90)))
    yield (
        "JPEG with a Photoshop block of noise",
        _jpeg_with(_segment(0xED, b"Photoshop 3.0\0" + rng.randbytes(90))),
    )
    for name in (
        b"iCCP",
        b"tRNS",
        b"PLTE",
        b"gAMA",
        b"pHYs",
        b"cHRM",
        b"tEXt",
        b"iTXt",
        b"zTXt",
        b"acTL",
        b"fcTL",
    ):
        for data in (b"", rng.randbytes(5), rng.randbytes(3000)):
            what = f"PNG with {len(data)} bytes of {name.decode()}"
            yield what, png(9, 9, chunk(name, data), body=zlib.compress(bytes(252)))


def _headers() -> Iterator[Named]:
    rows = zlib.compress(bytes(4000))
    for depth, colour in (
        (16, 0),
        (16, 2),
        (16, 4),
        (16, 6),
        (1, 0),
        (2, 3),
        (4, 3),
        (8, 3),
        (3, 2),
        (8, 5),
        (255, 9),
    ):
        yield f"PNG of {depth} bits, colour {colour}", png(9, 9, depth=depth, colour=colour, body=rows)
    yield "PNG with two headers", png(9, 9, png(5, 5, body=rows)[8:33], body=rows)
    yield "PNG without a header", SIGNATURE + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    yield "PNG with a bad checksum", png(9, 9, body=rows).replace(b"IDAT", b"IDAT\0", 1)
    yield "PNG without rows", png(9, 9)
    yield "PNG with rows that do not inflate", png(9, 9, body=b"not deflated")
    for depth in (1, 2, 4, 8, 16, 24, 32, 64, 0):
        for compression in (0, 1, 2, 3, 4, 5, 99):
            yield f"BMP of {depth} bits, packed by {compression}", bmp(9, 9, depth, compression, bytes(300))


def _other_kinds() -> Iterator[Named]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jpg", saved(photo(), "JPEG"))
    yield "ZIP", packed.getvalue()
    yield "JPEG that is also a ZIP", saved(photo(), "JPEG") + packed.getvalue()
    yield "HTML", b"<!doctype html><title>404</title>"
    yield "SVG", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    yield "SVG with entities", b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "a">]><svg>&a;</svg>'
    yield "PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file"
    yield "GIF that is a script", b"GIF89a/*" + bytes(20) + b"*/=alert(1);"
    yield "a newline", b"\n"
    yield "one byte", b"\xff"
    for kind in ("TIFF", "ICO", "PPM", "TGA", "PCX", "SGI", "JPEG2000", "PDF", "DDS", "ICNS", "IM", "MSP"):
        image = photo().convert("1") if kind == "MSP" else photo()
        yield f"{kind} file", saved(image, kind)


def _modes() -> Iterator[Named]:
    for mode in ("1", "L", "CMYK", "YCbCr"):
        yield f"JPEG in {mode}", saved(photo().convert("L" if mode == "1" else mode), "JPEG")
    cmyk = saved(photo().convert("CMYK"), "JPEG")
    yield "JPEG in CMYK without Adobe's mark", cmyk.replace(b"Adobe", b"Obead")
    yield "JPEG in CMYK with a wrong transform", cmyk.replace(b"Adobe\0d\0\0\0\0", b"Adobe\0d\0\0\0\0\x07")
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16"):
        yield f"PNG in {mode}", saved(photo().convert(mode), "PNG")
    wide = Image.fromarray(np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20))
    yield "PNG of 16 bits of grey", saved(wide, "PNG")
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        animated = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=40)
        yield f"{kind} in motion", animated
        yield f"{kind} in motion, cut", animated[: len(animated) * 2 // 3]


def oddities(seed: int) -> Iterator[Named]:
    """Yield what is legal and rare, and what only looks like an image."""
    yield from _metadata(random.Random(seed))
    yield from _headers()
    yield from _other_kinds()
    yield from _modes()
