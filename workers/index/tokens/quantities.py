"""Quantities with a unit, in base units: 400 g = 0.4 kg, 500ml = 0,5 l = 1/2 l."""

import re
from collections.abc import Iterable
from typing import Final

from workers.index.tokens.reader import Reader

# Unit -> (dimension, factor to the base unit). Dimensions are named by their base unit.
_UNITS: Final[dict[str, tuple[str, float]]] = {
    **dict.fromkeys(("ml", "mililiter", "milliliter", "cc"), ("ml", 1.0)),
    "cl": ("ml", 10.0),
    "dl": ("ml", 100.0),
    **dict.fromkeys(("fl oz", "fl.oz", "fl. oz", "floz"), ("ml", 29.5735)),
    **dict.fromkeys(("gallon", "gallons"), ("ml", 3785.41)),
    **dict.fromkeys(("l", "lt", "ltr", "liter", "litre", "liters", "litres"), ("ml", 1000.0)),
    "mg": ("g", 0.001),
    **dict.fromkeys(("g", "gr", "grm", "gram", "grams"), ("g", 1.0)),
    "ons": ("g", 100.0),
    **dict.fromkeys(("kg", "kgs", "kilo", "kilogram", "kilograms"), ("g", 1000.0)),
    "oz": ("g", 28.3495),
    **dict.fromkeys(("lb", "lbs"), ("g", 453.592)),
    "mm": ("cm", 0.1),
    "cm": ("cm", 1.0),
    **dict.fromkeys(("m", "meter", "metre"), ("cm", 100.0)),
    **dict.fromkeys(("inch", "inches", "inci", '"', "”", "''"), ("cm", 2.54)),
    **dict.fromkeys(("ft", "feet"), ("cm", 30.48)),
    **dict.fromkeys(("capsules", "capsule", "caps", "kapsul", "softgel", "softgels"), ("capsules", 1.0)),
    **dict.fromkeys(("tablets", "tablet", "tabs", "tab"), ("tablets", 1.0)),
    **dict.fromkeys(("sheets", "sheet", "lembar"), ("sheets", 1.0)),
    "mah": ("mAh", 1.0),
    "ah": ("mAh", 1000.0),
    **dict.fromkeys(("w", "watt", "watts"), ("W", 1.0)),
    "kw": ("W", 1000.0),
    **dict.fromkeys(("v", "volt", "volts"), ("V", 1.0)),
    "mb": ("GB", 1 / 1024),
    "gb": ("GB", 1.0),
    "tb": ("GB", 1024.0),
    "hz": ("Hz", 1.0),
    "khz": ("Hz", 1e3),
    "mhz": ("Hz", 1e6),
    "ghz": ("Hz", 1e9),
    **dict.fromkeys(("mp", "megapixel", "megapixels"), ("MP", 1.0)),
    "rpm": ("rpm", 1.0),
}
# In these a point with three digits after it divides thousands ("10.000 mAh"), in the others decimals.
_SMALL_UNITS: Final = frozenset(
    {"ml", "g", "gr", "gram", "grams", "mg", "mm", "mah", "w", "watt", "capsules", "caps"}
)
_NUMBER: Final = r"\d+(?:[.,]\d+)*"


def _any_of(units: Iterable[str]) -> str:
    return "(" + "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True)) + r")(?![a-z0-9])"


_UNIT: Final = _any_of(_UNITS)
# Of memory "4/8 GB" are two numbers.
_DIVISIBLE: Final = _any_of(unit for unit, (dimension, _) in _UNITS.items() if dimension in ("g", "ml", "cm"))
_BEFORE: Final = r"(?<![\w.,-])"
_LENGTH: Final = "(mm|cm|m|meter|inch|inches)"
# A number without a unit has the next one: 30 x 40 cm, 12 mm x 4,5 m.
_SIDES = re.compile(
    rf"{_BEFORE}({_NUMBER})(?:\s?{_LENGTH})?\s?[x×*]\s?({_NUMBER})"
    rf"(?:(?:\s?{_LENGTH})?\s?[x×*]\s?({_NUMBER}))?\s?{_LENGTH}(?![a-z0-9])"
)
# "½" is written "1⁄2" by normalisation, and "1½" then "11⁄2".
_FRACTION = re.compile(rf"{_BEFORE}(?:(\d{{1,3}}?)(?:[ -]|(?=\d⁄)))?([1-7])[/⁄]([2348])\s?-?{_DIVISIBLE}")
_TIMES_FIRST = re.compile(rf"{_BEFORE}(\d{{1,3}})\s?[x×*]\s?({_NUMBER})\s?-?{_UNIT}")
_TIMES_LAST = re.compile(rf"{_BEFORE}({_NUMBER})\s?{_UNIT}\s?[x×*]\s?(\d{{1,3}})(?![\w.,])")
_PLAIN = re.compile(rf"{_BEFORE}({_NUMBER})\s?-?{_UNIT}")

Quantities = dict[str, frozenset[float]]


def parse_number(text: str, unit: str = "") -> float:
    """Read a number with points and commas, which may be decimal or divide thousands."""
    marks = [c for c in text if c in ".,"]
    if not marks:
        return float(text)
    head, _, tail = text.rpartition(marks[-1])
    repeated = len(marks) > 1 and len(set(marks)) == 1
    thousands = len(tail) == 3 and head.strip("0") != "" and (unit in _SMALL_UNITS or unit == "")
    if repeated or (len(set(marks)) == 1 and thousands):
        return float(text.replace(marks[-1], ""))
    return float(re.sub("[.,]", "", head) + "." + tail)


def read_quantities(reader: Reader) -> tuple[Quantities, set[int]]:
    """Take the quantities, by dimension and in base units, and the packs they were multiplied with."""
    found: dict[str, set[float]] = {}
    packs: set[int] = set()

    def put(number: float, unit: str) -> None:
        dimension, factor = _UNITS[unit]
        found.setdefault(dimension, set()).add(round(number * factor, 4))

    def add(number: str, unit: str) -> None:
        put(parse_number(number, unit), unit)

    for match in reader.take(_FRACTION):
        put(float(match[1] or 0) + int(match[2]) / int(match[3]), match[4])
    for match in reader.take(_SIDES):
        first, unit_1, second, unit_2, third, unit_3 = match.groups()
        add(first, unit_1 or unit_2 or unit_3)
        add(second, (unit_2 or unit_3) if third else unit_3)
        if third:
            add(third, unit_3)
    for match in reader.take(_TIMES_FIRST):
        packs.add(int(match[1]))
        add(match[2], match[3])
    for match in reader.take(_TIMES_LAST):
        add(match[1], match[2])
        packs.add(int(match[3]))
    for match in reader.take(_PLAIN):
        add(match[1], match[2])
    return {dimension: frozenset(values) for dimension, values in found.items()}, packs
