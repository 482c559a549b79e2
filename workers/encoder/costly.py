"""Images that are slow to decode for their size: what honest tools do not write, and attackers do."""

import re
from typing import Final

from PIL import Image

from workers.encoder.refusal import ImageRefused

# Encoders write some ten; libjpeg goes over the whole picture for each, whatever it holds.
MOST_SCANS: Final = 100
# Pillow unpacks these in Python, 10 million pixels in a second.
MOST_RUN_LENGTH_PIXELS: Final = 4_000_000

_RUN_LENGTH: Final = (1, 2)
_START_OF_SCAN, _START, _END = 0xDA, 0xD8, 0xD9
# Within a scan 0xFF is followed by 0, or by a restart marker.
_MARKER: Final = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")


def check_cost(image: Image.Image, data: bytes) -> None:
    """Look at an opened image that is not decoded yet; `data` are its bytes.

    Raises:
        ImageRefused: decoding it would take many times as long as its size explains.
    """
    if image.format in ("JPEG", "MPO") and _has_more_scans(data, MOST_SCANS):
        raise ImageRefused("image_broken", f"the JPEG has more than {MOST_SCANS} scans")
    pixels = image.width * image.height
    packed = image.format == "BMP" and image.info.get("compression") in _RUN_LENGTH
    if packed and pixels > MOST_RUN_LENGTH_PIXELS:
        detail = (
            f"of a run-length encoded BMP at most {MOST_RUN_LENGTH_PIXELS} pixels are taken, not {pixels}"
        )
        raise ImageRefused("image_too_many_pixels", detail)


def _has_more_scans(data: bytes, most: int) -> bool:
    """Say whether a JPEG has more than so many scans; segments are skipped, as some hold a JPEG."""
    scans = position = 0
    while scans <= most and (found := _MARKER.search(data, position)):
        marker, position = found[1][0], found.end()
        if marker == _END:
            break
        if marker != _START:
            position += max(2, int.from_bytes(data[position : position + 2], "big"))
        scans += marker == _START_OF_SCAN
    return scans > most
