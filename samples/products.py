"""Brands, product lines and products, all invented, with the tokens that tell variants apart."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from samples.kinds import KINDS, Kind
from samples.words import BRAND_ENDS, BRAND_STARTS, DEVICES, NAME_FIRST, NAME_SECOND

AXES = ("size", "colour", "pack", "model")


@dataclass(frozen=True, slots=True)
class Line:
    """A product line: what every size, colour, pack and model of it has in common."""

    brand: str
    kind: Kind
    name: str
    flavour: tuple[str, str]
    features: tuple[tuple[str, str], ...]
    price: int
    art: str
    """Seed of everything that is drawn of the line."""


@dataclass(frozen=True, slots=True)
class Product:
    """The real thing that listings describe; `tokens` maps axis to canonical value."""

    id: str
    line: Line
    tokens: Mapping[str, str]
    family: str = ""
    axis: str = ""
    price: int = 0
    """Rupiah."""
    plain: bool = field(default=False)
    """True where one photo stands for the whole family, so the package shows no size."""


class Invention:
    """Invents lines; never the same brand, kind and name twice in a catalog."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"{seed}:lines")
        self._used: set[tuple[str, str, str]] = set()
        self._recent: list[Line] = []
        self._kinds: list[str] = []

    def line(self) -> Line:
        """Return a new line, in one case of three by a brand that already sells this kind."""
        rng = self._random
        if self._recent and rng.random() < 0.33:
            older = rng.choice(self._recent)
            line = self._new(older.brand, older.kind, rng.choice((older.name.split()[0], "")))
        else:
            if not self._kinds:
                self._kinds = rng.sample(sorted(KINDS), len(KINDS))
            line = self._new(_brand(rng), KINDS[self._kinds.pop()], "")
        self._recent = [*self._recent[-40:], line]
        return line

    def _new(self, brand: str, kind: Kind, first: str) -> Line:
        rng = self._random
        firsts, seconds = NAME_FIRST[kind.sector].split(), NAME_SECOND[kind.sector].split()
        while True:
            name = f"{first or rng.choice(firsts)} {rng.choice(seconds)}"
            key = (brand, kind.key, name)
            if key not in self._used:
                break
            # A shared first word runs out after a while; any other will do.
            first, brand = "", brand if rng.random() < 0.9 else _brand(rng)
        self._used.add(key)
        return Line(
            brand=brand,
            kind=kind,
            name=name,
            flavour=rng.choice(kind.flavours) if kind.flavours else ("", ""),
            features=tuple(rng.sample(kind.features, 2)),
            price=rng.randint(*kind.price),
            art=f"{brand}/{kind.key}/{name}/{rng.getrandbits(32):08x}",
        )


def _brand(rng: random.Random) -> str:
    return rng.choice(BRAND_STARTS) + rng.choice(BRAND_ENDS)


def _model(kind: Kind, rng: random.Random) -> str:
    if kind.model == "device":
        return f"{rng.choice(DEVICES)}{rng.randint(3, 59)}"
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTVX") for _ in range(2))
    return f"{letters}-{rng.randint(100, 999) if rng.random() < 0.4 else rng.randint(1001, 9899)}"


def product(line: Line, product_id: str, rng: random.Random) -> Product:
    """Return one product of `line` with a value on each axis that its kind has."""
    kind, tokens = line.kind, {}
    if kind.sizes:
        tokens["size"] = rng.choice(kind.sizes)
    if kind.colours:
        tokens["colour"] = rng.choice(kind.colours)
    if kind.packs and rng.random() < 0.25:
        tokens["pack"] = str(rng.choice(kind.packs[1:]))
    if kind.model:
        tokens["model"] = _model(kind, rng)
    return _priced(Product(product_id, line, tokens))


def family(line: Line, family_id: str, count: int, axis: str, rng: random.Random) -> list[Product]:
    """Return `count` products of `line` (fewer if the axis has fewer values) that differ on `axis` alone."""
    first = product(line, "", rng)
    values = _values(line.kind, axis, first, count, rng)
    made = []
    for number, value in enumerate(values):
        tokens = {**first.tokens, axis: value}
        made.append(
            _priced(replace(first, id=f"{family_id}-{number}", tokens=tokens, family=family_id, axis=axis))
        )
    return made


def _values(kind: Kind, axis: str, first: Product, count: int, rng: random.Random) -> list[str]:
    if axis == "size":
        return rng.sample(kind.sizes, min(count, len(kind.sizes)))
    if axis == "colour":
        return rng.sample(kind.colours, min(count, len(kind.colours)))
    if axis == "pack":
        return [str(pack) for pack in rng.sample(kind.packs[1:], min(count, len(kind.packs) - 1))]
    head, number = _split(first.tokens["model"])
    steps = rng.sample(range(1, 30), count - 1)
    return [f"{head}{number}", *(f"{head}{number + step}" for step in steps)]


def _split(model: str) -> tuple[str, int]:
    head = model.rstrip("0123456789")
    return head, int(model[len(head) :])


def _priced(made: Product) -> Product:
    """Return the product with its price: bigger and more cost more, but less than in proportion."""
    kind = made.line.kind
    factor = 1.0
    if "size" in made.tokens and made.tokens["size"].split()[0].replace(".", "").isdigit():
        middle = float(kind.sizes[len(kind.sizes) // 2].split()[0])
        factor *= (float(made.tokens["size"].split()[0]) / middle) ** 0.8
    factor *= int(made.tokens.get("pack", "1")) ** 0.93
    return replace(made, price=max(2000, round(made.line.price * factor) * 1000))
