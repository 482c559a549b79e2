"""Sample catalogs with their embeddings and the truth about them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from samples import write_catalog
from shared.messages import Listing
from shared.titles import normalise_title
from workers.encoder.decoder import PillowDecoder
from workers.encoder.models import Encoders
from workers.index.arrays import Modality, Vectors
from workers.index.arrival import Arrival
from workers.index.background import Background

_MOST_PIXELS = 50_000_000
_BATCH = 128
_COLUMNS = frozenset({"id", "title", "image"})


@dataclass(frozen=True, slots=True)
class Corpus:
    """One sample catalog: `vectors` as float16 bytes by row; `products` and `families` by listing id."""

    seed: int
    listings: dict[int, Listing]
    vectors: dict[Modality, dict[int, bytes]]
    models: dict[Modality, tuple[str, int]]
    products: dict[str, str]
    families: dict[str, str]
    same_photo_variants: frozenset[tuple[str, str]]
    background: Background | None

    def arrival(self, modalities: tuple[Modality, ...]) -> Arrival:
        """Return what the index would receive if listings had only these modalities."""
        vectors = {modality: self.vectors[modality] for modality in modalities}
        rows = sorted(set().union(*vectors.values()))
        bare: dict[str, object] = {}
        if "text" not in modalities:
            bare["title"] = ""
        if "image" not in modalities:
            bare["image"] = None
        return Arrival(
            listings={row: self.listings[row].model_copy(update=bare) for row in rows},
            rejections={},
            models={modality: self.models[modality] for modality in modalities},
            vectors=vectors,
        )

    def same_product(self, a: str, b: str) -> bool:
        """Say whether two listings are one product."""
        return self.products[a] == self.products[b]

    def same_line(self, a: str, b: str) -> bool:
        """Say whether two listings are one product, or variants of each other."""
        family = self.families.get(a)
        return self.same_product(a, b) or (family is not None and family == self.families.get(b))


def make_corpus(
    directory: Path,
    listings: int,
    seed: int,
    encoders: Encoders,
    background: Background | None,
    workers: int,
) -> Corpus:
    """Write a sample catalog into the folder and encode it."""
    write_catalog(directory, listings=listings, seed=seed, workers=workers)
    table = [json.loads(line) for line in (directory / "listings.ndjson").read_text("utf-8").splitlines()]
    truth = json.loads((directory / "truth.json").read_text("utf-8"))
    kept = {row: _listing(fields) for row, fields in enumerate(table, 1)}
    photos = {row: listing.image for row, listing in kept.items() if listing.image}
    titles = {row: normalise_title(listing.title) for row, listing in kept.items()}
    return Corpus(
        seed=seed,
        listings=kept,
        vectors={
            "image": _encode_photos(directory, photos, encoders),
            "text": _halves({row: title for row, title in titles.items() if title}, encoders.text.encode),
        },
        models={
            "image": (encoders.image.model, encoders.image.dim),
            "text": (encoders.text.model, encoders.text.dim),
        },
        products={listing: about["product"] for listing, about in truth["listings"].items()},
        families={
            listing: about["family"] for listing, about in truth["listings"].items() if about["family"]
        },
        same_photo_variants=frozenset(_pair(*pair) for pair in truth["same_photo_variants"]),
        background=background,
    )


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _listing(fields: dict[str, str]) -> Listing:
    attributes = {name: value for name, value in fields.items() if name not in _COLUMNS and value}
    return Listing(
        id=fields["id"], title=fields["title"], image=fields["image"] or None, attributes=dict(attributes)
    )


def _encode_photos(directory: Path, photos: dict[int, str], encoders: Encoders) -> dict[int, bytes]:
    decoder = PillowDecoder(_MOST_PIXELS)
    return _halves(
        photos,
        lambda names: encoders.image.encode([decoder.decode((directory / n).read_bytes()) for n in names]),
    )


def _halves(items: dict[int, str], encode: Callable[[list[str]], Vectors]) -> dict[int, bytes]:
    """Encode in batches and round as the encoder worker does."""
    rows, found = list(items), {}
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        vectors = encode([items[row] for row in part]).astype("<f2")
        found.update({row: vector.tobytes() for row, vector in zip(part, vectors, strict=True)})
    return found
