"""The part of image encoding that runs in threads: get the bytes, look them up, decode, prepare."""

import hashlib
import threading
from dataclasses import dataclass, field
from typing import Any

from shared.crash import crash_at
from workers.encoder.entries import Entry
from workers.encoder.ports import Decoder, ImageEncoder, ImageSource, VectorCache
from workers.encoder.refusal import ImageRefused


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one entry's image: content, and how it goes on.

    Exactly one of `vector` (known already), `prepared` (to be encoded) and `refusal` is set, or none when
    another entry of the chunk brings the same content.
    """

    row: int
    digest: str
    vector: bytes | None = None
    prepared: Any = None
    refusal: ImageRefused | None = None


@dataclass
class Claims:
    """Which contents of a chunk are being worked on; the first to come does the work."""

    _seen: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_first(self, digest: str) -> bool:
        """Say whether nobody asked about this content before."""
        with self._lock:
            first = digest not in self._seen
            self._seen.add(digest)
            return first


class ImageIntake:
    """Takes one entry's image; safe to share between threads."""

    def __init__(
        self, source: ImageSource, decoder: Decoder, encoder: ImageEncoder, cache: VectorCache
    ) -> None:
        self._source = source
        self._decoder = decoder
        self._encoder = encoder
        self._cache = cache

    def take(self, entry: Entry, claims: Claims) -> Taken:
        """Return what became of the image.

        Raises:
            TransientError: the storage did not answer.
        """
        digest = ""
        try:
            data = entry.payload if entry.payload is not None else self._source.get(entry.listing.image or "")
            digest = hashlib.sha256(data).hexdigest()
            if not claims.is_first(digest):
                return Taken(entry.row, digest)
            crash_at("image-decoding", digest)
            if (known := self._cache.get([digest])[0]) is not None:
                return Taken(entry.row, digest, vector=known)
            return Taken(entry.row, digest, prepared=self._encoder.prepare(self._decoder.decode(data)))
        except ImageRefused as refusal:
            return Taken(entry.row, digest, refusal=refusal)
