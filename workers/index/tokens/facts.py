"""All that a listing's words say, read once per listing."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from sys import intern
from typing import Any, Final, TypeVar

from shared.messages import AttributeValue
from workers.index.tokens.colours import read_colours
from workers.index.tokens.models import read_fitting_models, read_models, read_numbers
from workers.index.tokens.packs import read_packs
from workers.index.tokens.quantities import Quantities, parse_number, read_quantities
from workers.index.tokens.reader import Reader
from workers.index.tokens.sizes import read_sizes
from workers.index.tokens.words import words_of

_GTIN = ("gtin", "gtin13", "ean", "ean13", "upc", "barcode", "isbn")
# Each `frozenset()` would be another one.
_NONE: Final[frozenset[Any]] = frozenset()
Value = TypeVar("Value")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Facts:
    """What title and attributes say; `quantities` by dimension, in base units."""

    text: str
    words: frozenset[str]
    start: str
    """The first word."""
    names: frozenset[str]
    """The words that are no quantity, pack, size, colour, model or number."""
    quantities: Quantities
    packs: frozenset[int]
    sizes: frozenset[str]
    colours: frozenset[str]
    models: frozenset[str]
    numbers: frozenset[str]
    codes: frozenset[str]
    """Models and numbers together."""
    brand: str
    price: float | None
    gtin: str


def read_facts(title: str, attributes: Mapping[str, AttributeValue]) -> Facts:
    """Read a normalised title (`shared.titles`) and the attributes that say the same kind of thing."""
    named = {name.lower(): str(value) for name, value in attributes.items()}
    extra = [named[name] for name in ("color", "colour", "warna", "model", "mpn") if named.get(name)]
    extra += [f"size {named[name]}" for name in ("size", "ukuran") if named.get(name)]
    reader = Reader(" | ".join([title, *extra]))
    fitting = read_fitting_models(reader)
    quantities, multiplied = read_quantities(reader)
    packs = read_packs(reader) | {count for count in multiplied if count > 1}
    sizes, colours = read_sizes(reader), read_colours(reader)
    models = read_models(reader) | fitting
    numbers = read_numbers(reader)
    # Words are held once, however many listings have them: tens of thousands of facts are kept.
    words = [intern(word) for word in words_of(title)]
    held, names = frozenset(words), frozenset(map(intern, words_of(reader.text)))
    return Facts(
        text=" ".join(words),
        words=held,
        start=words[0] if words else "",
        names=held if names == held else names,
        quantities=quantities,
        packs=_set(packs),
        sizes=_set(sizes),
        colours=_set(colours),
        models=_set(models),
        numbers=_set(numbers),
        codes=_set(models | numbers),
        brand=" ".join(words_of(named.get("brand", ""))),
        price=_price(next((value for name, value in attributes.items() if name.lower() == "price"), "")),
        gtin=next((digits for name in _GTIN if name in named and (digits := _digits(named[name]))), ""),
    )


def _set(values: set[Value]) -> frozenset[Value]:
    return frozenset(values) if values else _NONE


def _price(value: AttributeValue) -> float | None:
    """Return a price above zero; in a text, `149.000` is a hundred and forty-nine thousand."""
    if isinstance(value, str):
        match = _NUMBER.search(value)
        value = parse_number(match[0]) if match else 0.0
    return float(value) if 0 < value < math.inf else None


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text).lstrip("0")
