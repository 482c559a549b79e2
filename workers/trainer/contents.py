"""What of listings is to be encoded: each different title and each different photo once."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from shared.messages import Listing
from shared.titles import normalise_title


@dataclass(frozen=True, slots=True)
class Contents:
    """`titles` (normalised, UTF-8) and `photos` (digests of the files, 16 bytes) by listing id.

    `raw` has a title as it was written by normalised title, `files` a file by digest.
    """

    titles: dict[str, bytes]
    photos: dict[str, bytes]
    raw: dict[bytes, str]
    files: dict[bytes, Path]


def contents_of(listings: Sequence[Listing], root: Path | None) -> Contents:
    """Read what listings hold; a photo is a file relative to `root`, without which there are no photos.

    Raises:
        OSError: a photo cannot be read.
    """
    found = Contents({}, {}, {}, {})
    for listing in listings:
        if title := normalise_title(listing.title).encode():
            found.titles[listing.id] = title
            found.raw[title] = listing.title
        if root is not None and listing.image:
            path = root / listing.image
            digest = blake2b(path.read_bytes(), digest_size=16).digest()
            found.photos[listing.id], found.files[digest] = digest, path
    return found


def name_of(content: bytes) -> str:
    """Return the name under which the vector of a title or of a photo's digest is kept: 32 hex digits."""
    return blake2b(content, digest_size=16).hexdigest()
