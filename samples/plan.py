"""Plans a catalog: which products, which listings of each, and which photo each listing shows."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from samples import titles
from samples.products import Invention, Product, family, product
from samples.words import INDONESIAN_SELLERS, SELLERS

# Shares of all listings; what is left over are single listings.
_GROUP_SHARE = 0.41
_FAMILY_SHARE = 0.21
_SAME_PHOTO_FAMILIES = 0.5
_NO_IMAGE = 0.022
_NO_TITLE = 0.14
"""Share of the copied photos in small groups that come without a title: about 1 % of all listings."""
# Listings are shuffled within a window, so that planning takes no more memory for a large catalog.
_WINDOW = 3000
_GROUP_SIZES = (2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo of a product; the same shot without edits is the same file, byte for byte."""

    product: Product
    number: int
    scene: int = 0
    """Another scene than 0 keeps the camera and changes what is behind the product."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A listing before its photo is rendered."""

    id: str
    product: Product
    title: str
    language: str
    stated: tuple[str, ...]
    """Axes whose value the title states."""
    seller: str
    brand: str
    price: str
    shot: Shot | None
    edit: str
    """Seed of the seller's edits; empty for the photo as it was taken."""
    same_photo: str = ""
    """Name shared by the listings of a family that show one photo."""


def plan(listings: int, seed: int) -> Iterator[Plan]:
    """Yield exactly `listings` plans; listing ids follow the order in which they are yielded."""
    rng = random.Random(f"{seed}:order")
    waiting: list[Plan] = []
    given = 0
    for block in _blocks(listings, seed):
        waiting += block
        while len(waiting) > _WINDOW:
            yield _numbered(_take(waiting, rng), given, seed)
            given += 1
    while waiting:
        yield _numbered(_take(waiting, rng), given, seed)
        given += 1


def _take(waiting: list[Plan], rng: random.Random) -> Plan:
    at = rng.randrange(len(waiting))
    waiting[at], waiting[-1] = waiting[-1], waiting[at]
    return waiting.pop()


def _numbered(entry: Plan, number: int, seed: int) -> Plan:
    return replace(entry, id=f"S{seed}-{number:06d}")


def _blocks(listings: int, seed: int) -> Iterator[list[Plan]]:
    """Yield groups, families and singles so that every share stays close to its target from the start."""
    invention, planned, made = Invention(seed), 0, {"group": 0, "family": 0, "single": 0}
    shares = {"group": _GROUP_SHARE, "family": _FAMILY_SHARE, "single": 1 - _GROUP_SHARE - _FAMILY_SHARE}
    number = 0
    while planned < listings:
        behind = max(shares, key=lambda name: shares[name] * (planned + 1) - made[name])
        rng = random.Random(f"{seed}:block:{number}")
        name = f"p{number:06d}"
        maker = {"group": _group, "family": _family, "single": _single}[behind]
        block = maker(invention, name, rng)[: listings - planned]
        yield block
        planned += len(block)
        made[behind] += len(block)
        number += 1


def _single(invention: Invention, name: str, rng: random.Random) -> list[Plan]:
    return [_listing(product(invention.line(), name, rng), rng, 0)]


def _group(invention: Invention, name: str, rng: random.Random) -> list[Plan]:
    made = product(invention.line(), name, rng)
    entries: list[Plan] = []
    size = rng.choice(_GROUP_SIZES)
    for _ in range(size):
        # Two in three sellers take a photo that is already about and edit it; the others take their own.
        about = [entry.shot.number for entry in entries if entry.shot and entry.title]
        own = not about or rng.random() < 0.36
        entry = _listing(made, rng, len(entries) if own else rng.choice(about), edited=not own)
        # Only in small groups: in a large one a lost title would hide a pair for each of the other photos.
        if size <= 3 and not own and entry.shot and rng.random() < _NO_TITLE:
            entry = replace(entry, title="", stated=())
        entries.append(entry)
    return entries


def _family(invention: Invention, name: str, rng: random.Random) -> list[Plan]:
    line = invention.line()
    axis = rng.choice(line.kind.axes)
    members = family(line, name, rng.choice((2, 3, 3, 4)), axis, rng)
    if rng.random() < _SAME_PHOTO_FAMILIES:
        return _same_photo_family(members, rng)
    entries = []
    for member in members:
        for copy in range(2 if rng.random() < 0.3 else 1):
            entries.append(_listing(member, rng, 0, edited=copy > 0 or rng.random() < 0.3))
    return entries


def _same_photo_family(members: list[Product], rng: random.Random) -> list[Plan]:
    """One seller lists the whole family under one photo and one title in which a single token changes."""
    plain = replace(members[0], plain=True)
    first = _listing(plain, rng, 0)
    wording, entries = f"{rng.getrandbits(64):016x}", []
    for member in members:
        title = titles.write(member, first.language, random.Random(wording))
        # Half of the copies are the very same file, the others went through another upload.
        edit = "" if rng.random() < 0.5 else f"recompress/{rng.getrandbits(32):08x}"
        entries.append(
            replace(
                first,
                product=member,
                title=title.text,
                stated=title.axes,
                price=_asked(member, rng),
                shot=Shot(plain, 0),
                edit=edit,
                same_photo=member.family,
            )
        )
    return entries


def _listing(made: Product, rng: random.Random, shot: int, *, edited: bool = False) -> Plan:
    seller = rng.choice(SELLERS)
    language = "id" if (seller in INDONESIAN_SELLERS) == (rng.random() < 0.85) else "en"
    title = titles.write(made, language, rng, needed=("model", made.axis))
    edit = f"edit/{rng.getrandbits(32):08x}" if edited and rng.random() < 0.85 else ""
    scene = rng.randint(1, 4) if edited and rng.random() < 0.12 else 0
    return Plan(
        id="",
        product=made,
        title=title.text,
        language=title.language,
        stated=title.axes,
        seller=seller,
        brand=made.line.brand if rng.random() < 0.7 else "",
        price=_asked(made, rng),
        shot=None if rng.random() < _NO_IMAGE else Shot(made, shot, scene),
        edit=edit,
    )


def _asked(made: Product, rng: random.Random) -> str:
    """Return one seller's price in whole rupiah, close to everybody else's; some leave it out."""
    price = round(made.price * rng.uniform(0.93, 1.08) / 100) * 100
    return str(price) if rng.random() < 0.93 else ""
