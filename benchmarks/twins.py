"""Catalogs of any size whose twins are known: titles of samples, vectors that follow from the product.

A vector is the sum of four random directions: what is sold, its line, the product, and this one listing of
it. Listings of one product are therefore near to each other (twins), those of one line a little less, and
products of one kind form a cloud, as with real embeddings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import numpy as np

from samples.plan import Plan, plan
from shared.messages import Listing
from workers.index.arrays import Modality, Vectors
from workers.index.arrival import Arrival

MODELS: Final[dict[Modality, tuple[str, int]]] = {"image": ("twins-image", 512), "text": ("twins-text", 384)}
_SEED: Final = 5
# Weights of kind, line, product and listing: twins have a cosine of some 0.87, lines of 0.6, kinds of 0.3.
_WEIGHTS: Final = (0.55, 0.55, 0.5, 0.36)
# Listings of a product come within a few thousand of each other.
_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Part:
    """Listings of a catalog that follow each other, from row `start` on."""

    start: int
    arrival: Arrival


def parts(listings: int, size: int) -> Iterator[Part]:
    """Yield the catalog, `size` listings at a time."""
    waiting: list[Plan] = []
    start = 0
    for planned in plan(listings, _SEED):
        waiting.append(planned)
        if len(waiting) == size:
            yield _part(start, waiting)
            start, waiting = start + size, []
    if waiting:
        yield _part(start, waiting)


def products_of(listings: int) -> dict[str, str]:
    """Return the product of each listing id: listings of one product are twins."""
    return {planned.id: planned.product.id for planned in plan(listings, _SEED)}


def _part(start: int, planned: list[Plan]) -> Part:
    held: dict[Modality, dict[int, bytes]] = {}
    for modality, (_, dim) in MODELS.items():
        kept = {
            start + place: each
            for place, each in enumerate(planned)
            if (each.shot if modality == "image" else each.title)
        }
        vectors = np.array([_vector(each, modality, dim) for each in kept.values()]).astype("<f2")
        held[modality] = {row: vector.tobytes() for row, vector in zip(kept, vectors, strict=True)}
    listings = {
        start + place: Listing(id=each.id, title=each.title, image=f"{each.id}.jpg" if each.shot else None)
        for place, each in enumerate(planned)
    }
    arrival = Arrival(listings=listings, rejections={}, models=MODELS, vectors=held)
    return Part(start, arrival)


def _vector(planned: Plan, modality: Modality, dim: int) -> Vectors:
    line = planned.product.line
    names = (line.kind.key, f"{line.brand} {line.name}", planned.product.id)
    known = [_direction(f"{modality}/{name}", dim) for name in names]
    own = _random(f"{modality}/{planned.id}", dim)
    vector = sum((weight * each for weight, each in zip(_WEIGHTS, (*known, own), strict=True)), np.zeros(dim))
    unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


@lru_cache(_KEPT)
def _direction(name: str, dim: int) -> Vectors:
    return _random(name, dim)


def _random(name: str, dim: int) -> Vectors:
    """Return a direction (dim,) of length about 1 that follows from the name."""
    seed = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    return np.random.Generator(np.random.SFC64(seed)).standard_normal(dim, np.float32) / np.float32(dim**0.5)
