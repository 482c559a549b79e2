"""Colours in English and Indonesian."""

import re
from typing import Final

from workers.index.tokens.reader import Reader

_NAMES: Final[dict[str, str]] = {
    "black": "black|hitam",
    "white": "white|putih",
    "red": "red|merah",
    "blue": "blue|biru",
    "navy": "navy blue|navy|biru dongker|biru navy|dongker",
    "green": "green|hijau",
    "yellow": "yellow|kuning",
    "grey": "grey|gray|abu-abu|abu abu|abu",
    "pink": "pink|merah muda|merah jambu",
    "orange": "orange|oranye|jingga",
    "purple": "purple|violet|ungu",
    "beige": "beige|krem",
    "brown": "brown|cokelat|coklat",
    "maroon": "maroon|marun|merah marun",
    "silver": "silver|perak",
    "gold": "gold|emas",
    "rose gold": "rose gold|rosegold",
    "turquoise": "turquoise|tosca|toska",
    "clear": "clear|transparent|transparan|bening",
}
_CANONICAL: Final = {name: colour for colour, names in _NAMES.items() for name in names.split("|")}
# Longer names first: "merah muda" is pink, not red.
_COLOUR = re.compile(
    r"(?<![\w])("
    + "|".join(re.escape(name) for name in sorted(_CANONICAL, key=len, reverse=True))
    + r")(?![\w])"
)
# Sellers use either word for the same thing.
_CLOSE: Final = frozenset(
    frozenset(pair) for pair in (("navy", "blue"), ("maroon", "red"), ("silver", "grey"), ("gold", "yellow"),
                                 ("gold", "rose gold"), ("pink", "rose gold"), ("turquoise", "green"),
                                 ("turquoise", "blue"), ("clear", "white"))
)  # fmt: skip


def read_colours(reader: Reader) -> set[str]:
    """Take the colours."""
    return {_CANONICAL[match[1]] for match in reader.take(_COLOUR)}


def same_colour(a: str, b: str) -> bool:
    """Say whether two colours may be meant as one."""
    return a == b or frozenset((a, b)) in _CLOSE
