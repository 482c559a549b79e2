"""Hundreds of malformed images, decoded in one process of their own that may not die of any."""

from typing import Any

import pytest

from tests.malformed.bombs import scans
from tests.malformed.limited import outcomes
from workers.encoder.costly import MOST_SCANS
from workers.encoder.decoder import PillowDecoder
from workers.encoder.refusal import ImageRefused

CODES = {"image_empty", "image_format", "image_truncated", "image_broken", "image_too_many_pixels"}
# A picture of 50 million pixels takes 200 MB, and is there twice while it changes its form.
MOST_MIB = 800
EXPECTED = {
    "PNG of 65000 x 65000": "image_too_many_pixels",
    "BMP of 2147483647 x 2147483647": "image_too_many_pixels",
    "GIF of 65500 x 65500": "image_too_many_pixels",
    "GIF frame larger than its screen": "image_too_many_pixels",
    "JPEG of 65500 x 65500": "image_too_many_pixels",
    "WebP canvas of 65536 x 65535": "image_too_many_pixels",
    "WebP in motion on 65536 x 65535": "image_too_many_pixels",
    "WebP in motion on 10000 x 8000": "image_too_many_pixels",
    "BMP line that is filled up": "image_too_many_pixels",
    "BMP of single runs": "image_too_many_pixels",
    "JPEG with 5,000 scans of 16 million pixels": "image_broken",
    "JPEG with 200,000 scans of few pixels": "image_broken",
    "PNG that inflates past its rows": "RGB",
    "PNG of 49 million transparent pixels": "RGB",
    "PNG of 49 million pixels of 16 bits": "RGB",
    "JPEG with EXIF that points to itself": "RGB",
    "JPEG with 500 comments": "RGB",
    "JPEG with 10 MB of metadata": "RGB",
    "JPEG with 800,000 bits of EXIF": "image_broken",
    "JPEG with 2 million comments after an end": "image_broken",
    "JPEG with 10 million fill bytes": "image_broken",
    "JPEG in CMYK with a wrong transform": "RGB",
    "GIF in motion": "RGB",
    "TIFF file": "image_format",
    "SVG with entities": "image_format",
    "PostScript": "image_format",
    "ZIP": "image_broken",
    "HTML": "image_broken",
    "one byte": "image_broken",
    "WEBP cut at 50%": "image_truncated",
}


@pytest.fixture(scope="module")
def decoded() -> dict[str, dict[str, Any]]:
    """Return what became of each image, by its name."""
    return outcomes("tests.malformed.decode_all")


def test_each_image_is_a_picture_or_a_rejection_with_a_code(decoded: dict[str, dict[str, Any]]) -> None:
    assert len(decoded) >= 200
    strange = {name: line for name, line in decoded.items() if line["outcome"] not in {"RGB", *CODES}}
    assert not strange
    assert {line["outcome"] for line in decoded.values()} == {"RGB", *CODES} - {"image_empty"}


@pytest.mark.parametrize(("name", "outcome"), EXPECTED.items())
def test_image_has_its_outcome(decoded: dict[str, dict[str, Any]], name: str, outcome: str) -> None:
    assert decoded[name]["outcome"] == outcome


def test_memory_stays_within_four_large_pictures(decoded: dict[str, dict[str, Any]]) -> None:
    assert max(line["peak_mib"] for line in decoded.values()) < MOST_MIB


def test_scans_are_counted_and_not_their_thumbnails() -> None:
    decoder = PillowDecoder(10_000)
    # The file has nine scans before its last one, which is repeated.
    honest = scans(16, MOST_SCANS - 20)
    assert decoder.decode(honest).size == (16, 16)
    thumbnails = b"\xff\xe1\x01\x02" + b"\xff\xda" * 128
    assert decoder.decode(honest[:2] + thumbnails * 9 + honest[2:]).size == (16, 16)
    with pytest.raises(ImageRefused, match="scans"):
        decoder.decode(scans(16, MOST_SCANS + 1))
