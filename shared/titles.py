"""Title normalisation, the same in every process; the title as submitted is always kept beside it."""

import re
import unicodedata

# Sellers' exports hold UTF-8 bytes spelled out, twelve characters for one emoji: \xe2\x9c\x85
_ESCAPED_BYTES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_SPACES = re.compile(r"\s+")
# Pictographs, controls and unassigned code points say nothing about a product.
_DROPPED = frozenset({"So", "Sk", "Cc", "Cs", "Co", "Cn"})
# Soft hyphens and joiners are invisible inside a word; variation selectors and keycaps belong to emoji.
_INVISIBLE = frozenset({"Cf", "Me"})
_TRADEMARKS = "™℠"
# All alphabets and signs; beyond are the ideographs.
_OFTEN_USED = 0x3000


def _decode_escapes(match: re.Match[str]) -> str:
    data = bytes.fromhex(match.group().replace("\\x", ""))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return " "


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category in _INVISIBLE or "\ufe00" <= char <= "\ufe0f":
        return ""
    if category not in _DROPPED:
        return char
    # Symbols that spell something: № ㎡ ㎖ ℃. Trademarks would become the word "TM".
    spelled = unicodedata.normalize("NFKC", char)
    if category == "So" and char not in _TRADEMARKS and (spelled[0] == "°" or spelled[0].isalnum()):
        return char
    return " "


class _Kept(dict[int, str]):
    """What is kept of each character, by its code; remembered, but for the many that are rare."""

    def __missing__(self, code: int) -> str:
        kept = _kept(chr(code))
        if code < _OFTEN_USED:
            self[code] = kept
        return kept


_KEPT = _Kept()


def normalise_title(title: str) -> str:
    """Return the title with escapes decoded, NFKC applied, emoji and controls dropped, spaces collapsed.

    Case is kept: an encoder's own tokenizer decides about it.
    """
    text = _ESCAPED_BYTES.sub(_decode_escapes, title).translate(_KEPT)
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip()
