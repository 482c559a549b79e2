"""Listings as callers have them, turned into what the service takes."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_BLOCK_BYTES = 256 * 1024
# First bytes of the formats that the service decodes; it looks at the bytes itself, so this only labels them.
_SIGNATURES = ((b"\x89PNG", "png"), (b"RIFF", "webp"), (b"GIF8", "gif"), (b"BM", "bmp"))

ImageInput = str | Path | bytes
ListingInput = Mapping[str, Any]


def data_uri(image: Path | bytes) -> str:
    """Return image bytes, or those of a file, as a `data:` URI."""
    data = image.read_bytes() if isinstance(image, Path) else image
    kind = next((name for start, name in _SIGNATURES if data.startswith(start)), "jpeg")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def to_json(listing: ListingInput) -> dict[str, Any]:
    """Return a listing as JSON values: an `image` given as a path or as bytes travels inside it."""
    fields = {name: value for name, value in listing.items() if value is not None}
    if isinstance(fields.get("image"), Path | bytes):
        fields["image"] = data_uri(fields["image"])
    return fields


def ndjson(listings: Iterable[ListingInput]) -> Iterator[bytes]:
    """Yield listings as NDJSON, in blocks, so that an upload needs memory for one block only."""
    block = bytearray()
    for listing in listings:
        block += json.dumps(to_json(listing), ensure_ascii=False).encode() + b"\n"
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def ndjson_file(path: Path) -> Iterator[bytes]:
    """Yield the lines of an NDJSON file; images that it names by relative path travel inside their line.

    Only files below the folder of the table are read, whatever the table says. Lines that are not JSON
    objects go as they are: the service rejects them one by one.
    """
    folder = path.parent.resolve()
    with path.open("rb") as lines:
        for line in lines:
            yield _with_image(line, folder)


def _with_image(line: bytes, folder: Path) -> bytes:
    try:
        listing = json.loads(line)
        image = listing["image"]
        file = (folder / image).resolve()
        if (
            "://" in image
            or image.startswith("data:")
            or not file.is_relative_to(folder)
            or not file.is_file()
        ):
            return line
    except (ValueError, TypeError, KeyError, AttributeError, OSError):
        return line
    return json.dumps(to_json(listing | {"image": file}), ensure_ascii=False).encode() + b"\n"
