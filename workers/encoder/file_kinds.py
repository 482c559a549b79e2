"""What bytes claim to be, by their first and last ones; only asked when they could not be decoded."""

import struct
from typing import Final

_OTHER_FORMATS: Final = (
    b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+",  # TIFF, BigTIFF
    b"%PDF", b"%!PS", b"8BPS", b"<svg", b"<?xml", b"\x00\x00\x01\x00", b"\xc5\xd0\xd3\xc6",
    b"\xff\x0a", b"\x00\x00\x00\x0cJXL ", b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51",  # JPEG XL, JPEG 2000
    b"P1\n", b"P2\n", b"P3\n", b"P4\n", b"P5\n", b"P6\n", b"DDS ", b"qoif", b"gimp xcf", b"SIMPLE  =",
)  # fmt: skip


def is_other_format(data: bytes) -> bool:
    """Say whether the bytes are an image or document of a format that is not taken."""
    # AVIF, HEIC and video files name their brand after the length of their first box.
    return (
        data.lstrip()[:16].startswith(_OTHER_FORMATS)
        or data[4:8] == b"ftyp"
        or data.startswith(_OTHER_FORMATS)
    )


def is_cut_short(data: bytes) -> bool:
    """Say whether the bytes begin as one of our formats and lack their end."""
    if data.startswith(b"\xff\xd8\xff"):
        return b"\xff\xd9" not in data
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND" not in data[-64:]
    if data.startswith((b"GIF87a", b"GIF89a")):
        return not data.rstrip(b"\x00").endswith(b";")
    if data.startswith(b"RIFF"):
        return len(data) < 8 or struct.unpack("<I", data[4:8])[0] + 8 > len(data)
    if data.startswith(b"BM"):
        return len(data) < 6 or struct.unpack("<I", data[2:6])[0] > len(data)
    return False
