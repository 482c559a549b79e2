"""How many pieces a listing sells at once: isi 12 = 12 pcs = pack of 12."""

import re
from typing import Final

from workers.index.tokens.reader import Reader

_NOUNS: Final = "pack|packs|pak|pk|set|sets|box|bundle|lot|lote|juego|carton|karton|dus|paket|isi|case"
_PIECES: Final = (
    "pcs|pc|pieces|piece|buah|bh|biji|pack|packs|pak|pk|ct|count|set|sets|botol|pasang|pairs|unit|units"
    "|keping|sachet|sachets|piezas|unidades|uds|stück|stueck|stk|pièces|pezzi"
)
_PATTERNS: Final = (
    re.compile(rf"\b(?:{_NOUNS})\s+(?:(?:of|de|di|isi)\s+)?(\d{{1,4}})(?:\s?(?:{_PIECES})\b)?(?![\w.,%])"),
    re.compile(rf"(?<![\w.,-])(\d{{1,4}})\s?-?(?:{_PIECES})\b"),
    re.compile(rf"\bisi(\d{{1,4}})(?:\s?(?:{_PIECES})\b)?(?![\w.,%])"),
    re.compile(r"(?<![\w.,-])(\d{1,3})er[\s-]?(?:pack|set)\b"),
    re.compile(r"(?<![\w-])x\s?(\d{1,3})(?![\w.,])"),
    re.compile(r"(?<![\w.,-])(\d{1,2})x(?!\w)"),
)
_DOZENS = re.compile(r"(?:(?<!\w)(\d{1,2})\s?)?\b(lusin|dozen|kodi)\b")
_NAMED: Final = {"lusin": 12, "dozen": 12, "kodi": 20}
_TWINS = re.compile(r"\b(twin|double|duo|triple|trio)\s?-?pack\b")


def read_packs(reader: Reader) -> set[int]:
    """Take the pack counts; a pack of one says nothing and is left out."""
    found: set[int] = set()
    for match in reader.take(_DOZENS):
        found.add(int(match[1] or 1) * _NAMED[match[2]])
    for match in reader.take(_TWINS):
        found.add(3 if match[1].startswith("tri") else 2)
    for pattern in _PATTERNS:
        found.update(int(match[1]) for match in reader.take(pattern))
    return {count for count in found if count > 1}
