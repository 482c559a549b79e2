"""Finished sample listings, one after the other, with their photos."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from samples.photos import render
from samples.plan import Plan, plan

Planner = Callable[[int, int], Iterator[Plan]]
"""Plans so many listings from a seed."""
_AT_ONCE = 16
"""Photos in one piece of work for another process."""


@dataclass(frozen=True, slots=True)
class SampleListing:
    """One listing as a seller submits it, and the truth about it.

    `price` is in whole units of `currency`; `brand` and `price` may be empty; `image` is a JPEG file, empty
    where `image_name` is. `stated` maps axis (size, colour, pack, model) to the canonical value in the title.
    """

    id: str
    title: str
    image_name: str
    image: bytes
    brand: str
    price: str
    currency: str
    seller: str
    product_id: str
    family_id: str
    family_axis: str
    language: str
    stated: dict[str, str]
    same_photo: str

    def row(self) -> dict[str, str]:
        """Return what is submitted, without the truth."""
        return {
            "id": self.id,
            "title": self.title,
            "image": self.image_name,
            "brand": self.brand,
            "price": self.price,
            "currency": self.currency,
            "seller": self.seller,
        }


def generate(
    listings: int, seed: int, *, workers: int = 1, planner: Planner = plan
) -> Iterator[SampleListing]:
    """Yield `listings` sample listings, the same for the same seed whatever `workers` is.

    `planner` says what is in the catalog; by default the sample shop.
    Lazy: photos are drawn as they are asked for, with more than one worker in that many processes.

    Raises:
        ValueError: if `listings` or `workers` is less than 1.
    """
    if listings < 1 or workers < 1:
        msg = "listings and workers must be at least 1"
        raise ValueError(msg)
    entries = planner(listings, seed)
    return _serial(entries) if workers == 1 else _parallel(entries, workers)


def _serial(entries: Iterator[Plan]) -> Iterator[SampleListing]:
    for entry in entries:
        yield _finished(entry, render(entry))


def _parallel(entries: Iterator[Plan], workers: int) -> Iterator[SampleListing]:
    # "spawn": the caller may be a process with threads or a GPU, which must not be forked.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        # Only so many batches are under way, or the pool would swallow the whole catalog at once.
        while batches := list(itertools.islice(_batches(entries), workers * 4)):
            for batch, images in zip(batches, pool.map(_render_all, batches), strict=True):
                for entry, image in zip(batch, images, strict=True):
                    yield _finished(entry, image)


def _batches(entries: Iterable[Plan]) -> Iterator[list[Plan]]:
    iterator = iter(entries)
    while batch := list(itertools.islice(iterator, _AT_ONCE)):
        yield batch


def _render_all(batch: list[Plan]) -> list[bytes]:
    return [render(entry) for entry in batch]


def _finished(entry: Plan, image: bytes) -> SampleListing:
    product = entry.product
    return SampleListing(
        id=entry.id,
        title=entry.title,
        image_name=f"images/{entry.id}.jpg" if image else "",
        image=image,
        brand=entry.brand,
        price=entry.price,
        currency="IDR" if entry.price else "",
        seller=entry.seller,
        product_id=product.id,
        family_id=product.family,
        family_axis=product.axis,
        language=entry.language,
        stated={axis: product.tokens[axis] for axis in entry.stated},
        same_photo=entry.same_photo,
    )
