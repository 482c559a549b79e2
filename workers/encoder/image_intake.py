"""The part of image encoding that runs in threads: get the bytes, look them up, decode, prepare."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from shared.crash import crash_at
from workers.encoder.entries import Entry
from workers.encoder.ports import Decoder, ImageEncoder, ImageSource, VectorCache
from workers.encoder.refusal import ImageRefused

# Bytes of images that one thread holds while it asks whether they are known; the last may go beyond.
_MOST_HELD_BYTES: Final = 2 * 1024**2


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


class _Held(NamedTuple):
    """The bytes of an image that nobody else works on."""

    row: int
    digest: str
    data: bytes


class ImageIntake:
    """Takes the images of a few entries; safe to share between threads."""

    def __init__(
        self, source: ImageSource, decoder: Decoder, encoder: ImageEncoder, cache: VectorCache
    ) -> None:
        self._source = source
        self._decoder = decoder
        self._encoder = encoder
        self._cache = cache

    def take(self, entries: Sequence[Entry], claims: Claims) -> list[Taken]:
        """Return what became of each image, in no particular order.

        Raises:
            TransientError: storage or cache did not answer.
        """
        taken: list[Taken] = []
        held: list[_Held] = []
        for entry in entries:
            got = self._get(entry, claims)
            if isinstance(got, Taken):
                taken.append(got)
                continue
            held.append(got)
            if sum(len(one.data) for one in held) > _MOST_HELD_BYTES:
                taken += self._look_up(held)
                held = []
        return taken + self._look_up(held)

    def _get(self, entry: Entry, claims: Claims) -> Taken | _Held:
        try:
            data = entry.payload if entry.payload is not None else self._source.get(entry.listing.image or "")
        except ImageRefused as refusal:
            return Taken(entry.row, "", refusal=refusal)
        digest = hashlib.sha256(data).hexdigest()
        if not claims.is_first(digest):
            return Taken(entry.row, digest)
        crash_at("image-decoding", digest)
        return _Held(entry.row, digest, data)

    def _look_up(self, held: Sequence[_Held]) -> list[Taken]:
        """Ask for all of them at once: a round trip costs as much as ten vectors."""
        known = self._cache.get([one.digest for one in held])
        return [
            self._prepare(one) if vector is None else Taken(one.row, one.digest, vector=vector)
            for one, vector in zip(held, known, strict=True)
        ]

    def _prepare(self, one: _Held) -> Taken:
        try:
            prepared = self._encoder.prepare(self._decoder.decode(one.data))
        except ImageRefused as refusal:
            return Taken(one.row, one.digest, refusal=refusal)
        return Taken(one.row, one.digest, prepared=prepared)
