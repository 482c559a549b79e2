"""Plans a hard catalog of chains: lines in which each product looks like the next, and the ends do not.

Who joins whatever is linked joins a whole line; the true groups are small.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from samples import titles
from samples.plan import Plan, Shot
from samples.products import Invention, Product, product
from samples.words import NAME_FIRST, NAME_SECOND, SELLERS

MOST_LISTINGS = 5
"""Listings of one product."""
_PRODUCTS = 20
"""Products of a chain."""
_WORDS = 3
"""Words of a name; that of the next product begins with its last one."""
_PHOTO = 0.95
"""Share of the listings that show a photo."""
_VAGUE = 0.01
"""Share of the titles that leave the model number out, and so fit every product of the line."""
_DEARER = 1.06
"""Price of the next product in a line of names."""


def plan(listings: int, seed: int) -> Iterator[Plan]:
    """Yield exactly `listings` plans, shuffled; `samples.write_catalog` makes a catalog of them.

    In every other line a model number counts up under one photo, and a few titles leave it out. In the
    others the names slide along a row of words, so that every two neighbours share one.
    """
    rng, invention = random.Random(f"{seed}:chains"), Invention(seed)
    planned: list[Plan] = []
    chain = 0
    while len(planned) < listings:
        make = _sliding if chain % 2 else _counting
        for made, shot in make(invention, f"c{chain:04d}", rng):
            planned += [_listing(made, shot, rng) for _ in range(rng.randint(1, MOST_LISTINGS))]
        chain += 1
    planned = planned[:listings]
    rng.shuffle(planned)
    for number, entry in enumerate(planned):
        yield replace(entry, id=f"C{seed}-{number:06d}")


def _counting(invention: Invention, name: str, rng: random.Random) -> Iterator[tuple[Product, Shot]]:
    line = invention.line()
    while line.kind.model in ("", "device"):
        line = invention.line()
    first = product(line, name, rng)
    letters, number = f"{rng.choice('ABCDEFGHKLM')}{rng.choice('NPRSTVX')}", rng.randint(1001, 9000)
    for step in range(_PRODUCTS):
        tokens = {**first.tokens, "model": f"{letters}-{number + step}"}
        made = replace(first, id=f"{name}-{step}", tokens=tokens, family=name, axis="model")
        # Without a number on it: one file for the whole line.
        yield made, Shot(replace(first, id=name, plain=True), 0)


def _sliding(invention: Invention, name: str, rng: random.Random) -> Iterator[tuple[Product, Shot]]:
    line = invention.line()
    while line.kind.model:
        line = invention.line()
    first = product(line, name, rng)
    words = sorted({*NAME_FIRST[line.kind.sector].split(), *NAME_SECOND[line.kind.sector].split()})
    row = rng.sample(words, len(words))
    for step in range(min(_PRODUCTS, (len(row) - 1) // (_WORDS - 1))):
        start = step * (_WORDS - 1)
        called = " ".join(row[start : start + _WORDS])
        price = round(first.price * _DEARER**step / 1000) * 1000
        own = replace(line, name=called, art=f"{line.art}/{step}")
        made = replace(first, id=f"{name}-{step}", line=own, family=name, axis="name", price=price)
        yield made, Shot(replace(made, plain=True), 0)


def _listing(made: Product, photo: Shot, rng: random.Random) -> Plan:
    vague = made.axis == "model" and rng.random() < _VAGUE
    title = titles.write(_without(made, "model") if vague else made, "en", rng, needed=("model",))
    shot = photo if rng.random() < _PHOTO else None
    return Plan(
        id="",
        product=made,
        title=title.text,
        language=title.language,
        stated=title.axes,
        seller=rng.choice(SELLERS),
        brand=made.line.brand,
        price=str(made.price),
        shot=shot,
        edit="",
        same_photo=shot.product.id if shot else "",
    )


def _without(made: Product, axis: str) -> Product:
    return replace(made, tokens={name: value for name, value in made.tokens.items() if name != axis})
