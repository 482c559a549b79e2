"""Embeddings of listings for training and evaluation, made in this process as an encoder makes them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shared.messages import Listing
from workers.encoder.decoder import PillowDecoder
from workers.encoder.models import Encoders
from workers.encoder.refusal import ImageRefused
from workers.index.arrays import Modality, Vectors
from workers.index.arrival import Arrival
from workers.trainer.contents import contents_of, name_of
from workers.trainer.embedding_cache import EmbeddingCache

_MOST_PIXELS = 50_000_000
_BATCH = 128
# A run over many photos takes hours: what was encoded is kept every so many batches.
_BATCHES_KEPT = 64

Progress = Callable[[Modality, int, int], None]
"""Hears how many contents of a modality are encoded, and how many will be."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Float16 bytes by listing id, as the index keeps them; `models` names model and dimension.

    `unreadable` says, by listing id, what is wrong with photos that could not be decoded.
    """

    models: dict[Modality, tuple[str, int]]
    vectors: dict[Modality, dict[str, bytes]]
    unreadable: Mapping[str, str] = field(default_factory=dict)

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
    listings: Sequence[Listing],
    root: Path | None,
    encoders: Encoders,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Embeddings:
    """Encode titles and photos; a photo is a file relative to `root`, without which images are not encoded.

    The same title or the same file is encoded once. `cache` is a folder that keeps embeddings by model and
    content for the next time. A listing whose photo cannot be decoded has no image vector.

    Raises:
        OSError: a photo cannot be read.
    """
    decoder = PillowDecoder(_MOST_PIXELS)
    contents = contents_of(listings, root)
    broken: dict[bytes, str] = {}

    def encode_photos(digests: Sequence[bytes]) -> tuple[Sequence[bytes], Vectors]:
        pictures = {}
        for digest in digests:
            try:
                pictures[digest] = decoder.decode(contents.files[digest].read_bytes())
            except ImageRefused as error:
                broken[digest] = error.detail
        empty = np.empty((0, encoders.image.dim), np.float32)
        return list(pictures), encoders.image.encode(list(pictures.values())) if pictures else empty

    def encode_titles(titles: Sequence[bytes]) -> tuple[Sequence[bytes], Vectors]:
        return titles, encoders.text.encode([title.decode() for title in titles])

    kept = {
        "image": EmbeddingCache(cache, encoders.image.model, encoders.image.dim),
        "text": EmbeddingCache(cache, encoders.text.model, encoders.text.dim),
    }
    return Embeddings(
        models={
            "image": (encoders.image.model, encoders.image.dim),
            "text": (encoders.text.model, encoders.text.dim),
        },
        vectors={
            "image": _encode("image", contents.photos, encode_photos, kept["image"], progress),
            "text": _encode("text", contents.titles, encode_titles, kept["text"], progress),
        },
        unreadable={listing: broken[photo] for listing, photo in contents.photos.items() if photo in broken},
    )


def _encode(
    modality: Modality,
    contents: dict[str, bytes],
    encode: Callable[[Sequence[bytes]], tuple[Sequence[bytes], Vectors]],
    kept: EmbeddingCache,
    progress: Progress | None,
) -> dict[str, bytes]:
    """Encode what is not kept, in batches, and round as the encoder worker does."""
    names = {content: name_of(content) for content in contents.values()}
    fresh = [content for content, name in names.items() if name not in kept.vectors]
    for batch, start in enumerate(range(0, len(fresh), _BATCH), 1):
        encoded, vectors = encode(fresh[start : start + _BATCH])
        rounded = vectors.astype("<f2")
        kept.vectors.update(
            (names[content], row.tobytes()) for content, row in zip(encoded, rounded, strict=True)
        )
        if batch % _BATCHES_KEPT == 0:
            kept.save()
        if progress is not None:
            progress(modality, min(start + _BATCH, len(fresh)), len(fresh))
    if fresh:
        kept.save()
    return {
        listing: kept.vectors[names[content]]
        for listing, content in contents.items()
        if names[content] in kept.vectors
    }
