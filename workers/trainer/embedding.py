"""Embeddings of listings for training and evaluation, made in this process as an encoder makes them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from shared.messages import Listing
from shared.titles import normalise_title
from workers.encoder.decoder import PillowDecoder
from workers.encoder.models import Encoders
from workers.index.arrays import Modality, Vectors
from workers.index.arrival import Arrival

_MOST_PIXELS = 50_000_000
_BATCH = 128


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Float16 bytes by listing id, as the index keeps them; `models` names model and dimension."""

    models: dict[Modality, tuple[str, int]]
    vectors: dict[Modality, dict[str, bytes]]

    def arrival(self, listings: Iterable[Listing], modalities: Sequence[Modality]) -> Arrival:
        """Return what the index would receive if the listings had only these modalities.

        Listings that have none of them are left out.
        """
        held = {
            row: listing
            for row, listing in enumerate(listings, 1)
            if any(listing.id in self.vectors[modality] for modality in modalities)
        }
        bare: dict[str, object] = {}
        if "text" not in modalities:
            bare["title"] = ""
        if "image" not in modalities:
            bare["image"] = None
        return Arrival(
            listings={row: listing.model_copy(update=bare) for row, listing in held.items()},
            rejections={},
            models={modality: self.models[modality] for modality in modalities if self.vectors[modality]},
            vectors={
                modality: {
                    row: self.vectors[modality][listing.id]
                    for row, listing in held.items()
                    if listing.id in self.vectors[modality]
                }
                for modality in modalities
            },
        )


def embed(
    listings: Sequence[Listing], root: Path | None, encoders: Encoders, cache: Path | None = None
) -> Embeddings:
    """Encode titles and photos; a photo is a file relative to `root`, without which images are not encoded.

    The same title or the same file is encoded once. `cache` is a folder that keeps embeddings by model and
    content for the next time.

    Raises:
        ListingError: a photo cannot be decoded.
        OSError: a photo cannot be read.
    """
    decoder = PillowDecoder(_MOST_PIXELS)
    titles = {listing.id: normalise_title(listing.title) for listing in listings}
    photos: dict[str, bytes] = {}
    files: dict[bytes, Path] = {}
    for listing in listings:
        if root is not None and listing.image:
            path = root / listing.image
            digest = blake2b(path.read_bytes(), digest_size=16).digest()
            photos[listing.id], files[digest] = digest, path

    def encode_photos(digests: Sequence[bytes]) -> Vectors:
        return encoders.image.encode([decoder.decode(files[digest].read_bytes()) for digest in digests])

    def encode_titles(contents: Sequence[bytes]) -> Vectors:
        return encoders.text.encode([content.decode() for content in contents])

    said = {listing: title.encode() for listing, title in titles.items() if title}
    return Embeddings(
        models={
            "image": (encoders.image.model, encoders.image.dim),
            "text": (encoders.text.model, encoders.text.dim),
        },
        vectors={
            "image": _encode(photos, encode_photos, _Kept(cache, encoders.image.model, encoders.image.dim)),
            "text": _encode(said, encode_titles, _Kept(cache, encoders.text.model, encoders.text.dim)),
        },
    )


class _Kept:
    """Embeddings of earlier times: two files per model, digests of the contents and vectors."""

    def __init__(self, folder: Path | None, model: str, dim: int) -> None:
        name = blake2b(model.encode(), digest_size=8).hexdigest()
        self._path = None if folder is None else folder / f"{name}.npy"
        self._row = np.dtype([("content", "S32"), ("vector", "<f2", (dim,))])
        self.vectors: dict[str, bytes] = {}
        if self._path is not None and self._path.exists():
            held = np.load(self._path, allow_pickle=False)
            self.vectors = {row["content"].decode(): row["vector"].tobytes() for row in held}

    def save(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        held = np.empty(len(self.vectors), self._row)
        for row, (content, vector) in enumerate(self.vectors.items()):
            held[row] = (content.encode(), np.frombuffer(vector, "<f2"))
        np.save(self._path, held)


def _encode(
    contents: dict[str, bytes], encode: Callable[[Sequence[bytes]], Vectors], kept: _Kept
) -> dict[str, bytes]:
    """Encode what is not kept, in batches, and round as the encoder worker does."""
    names = {content: blake2b(content, digest_size=16).hexdigest() for content in contents.values()}
    fresh = [content for content, name in names.items() if name not in kept.vectors]
    for start in range(0, len(fresh), _BATCH):
        part = fresh[start : start + _BATCH]
        rounded = encode(part).astype("<f2")
        kept.vectors.update(
            (names[content], row.tobytes()) for content, row in zip(part, rounded, strict=True)
        )
    if fresh:
        kept.save()
    return {listing: kept.vectors[names[content]] for listing, content in contents.items()}
