"""Sample catalogs with their embeddings and the truth about them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from samples import write_catalog
from shared.messages import Listing
from workers.encoder.models import Encoders
from workers.index.background import Background
from workers.trainer.embedding import Embeddings, embed

_COLUMNS = frozenset({"id", "title", "image"})


@dataclass(frozen=True, slots=True)
class Corpus:
    """One sample catalog; `products` and `families` by listing id.

    Its kind is `tidy` as drawn, `rough` with roughened titles, `merged` if it was made of several.
    """

    seed: int
    listings: tuple[Listing, ...]
    embeddings: Embeddings
    products: dict[str, str]
    families: dict[str, str]
    same_photo_variants: frozenset[tuple[str, str]]
    background: Background | None
    kind: Literal["tidy", "rough", "merged"] = "tidy"

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return f"{self.seed}-{self.kind}"

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
    kept = tuple(map(_listing, table))
    return Corpus(
        seed=seed,
        listings=kept,
        embeddings=embed(kept, directory, encoders),
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
