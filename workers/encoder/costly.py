"""Images that are slow to decode for their size: what honest tools do not write, and attackers do."""

import re
from typing import Final

from PIL import Image

from workers.encoder.refusal import ImageRefused

# Encoders write some ten; libjpeg goes over the whole picture for each, whatever it holds.
MOST_SCANS: Final = 100
# A profile has up to 255; Pillow copies all metadata it has for each that comes.
MOST_SEGMENTS: Final = 1000
# Pillow reads what fills the space between segments byte by byte.
_MOST_FILL_BYTES: Final = 100_000
# Pillow unpacks these in Python, 10 million pixels in a second.
MOST_RUN_LENGTH_PIXELS: Final = 4_000_000

_RUN_LENGTH: Final = (1, 2)
_START_OF_SCAN, _START, _END = 0xDA, 0xD8, 0xD9
# Within a scan 0xFF is followed by 0, or by a restart marker.
_MARKER: Final = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")


def check_bytes(data: bytes) -> None:
    """Look at an image before it is opened.

    Raises:
        ImageRefused: opening or decoding it would take many times as long as its size explains.
    """
    if data.startswith(b"\xff\xd8") and (too_many := _too_many_parts(data)):
        raise ImageRefused("image_broken", f"the JPEG has more than {too_many}")


def check_opened(image: Image.Image) -> None:
    """Look at an opened image that is not decoded yet.

    Raises:
        ImageRefused: decoding it would take many times as long as its size explains.
    """
    pixels = image.width * image.height
    packed = image.format == "BMP" and image.info.get("compression") in _RUN_LENGTH
    if packed and pixels > MOST_RUN_LENGTH_PIXELS:
        detail = (
            f"of a run-length encoded BMP at most {MOST_RUN_LENGTH_PIXELS} pixels are taken, not {pixels}"
        )
        raise ImageRefused("image_too_many_pixels", detail)


def _too_many_parts(data: bytes) -> str | None:
    """Say of what a JPEG has too many; segments are skipped, as some hold a JPEG with scans of its own."""
    scans = segments = filled = position = 0
    while found := _MARKER.search(data, position):
        marker = found[1][0]
        if not scans:
            segments += 1
            filled += found.start() - position
        position = found.end()
        if marker == _END and scans:
            return None
        if marker not in (_START, _END):
            position += max(2, int.from_bytes(data[position : position + 2], "big"))
        scans += marker == _START_OF_SCAN
        if scans > MOST_SCANS:
            return f"{MOST_SCANS} scans"
        if segments > MOST_SEGMENTS:
            return f"{MOST_SEGMENTS} segments"
        if filled > _MOST_FILL_BYTES:
            return f"{_MOST_FILL_BYTES} bytes between its segments"
    return None
