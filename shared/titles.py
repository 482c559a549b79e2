"""Title normalisation, the same in every process; the title as submitted is always kept beside it."""

import re
import unicodedata

# Sellers' exports hold UTF-8 bytes spelled out, twelve characters for one emoji: \xe2\x9c\x85
_ESCAPED_BYTES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_SPACES = re.compile(r"\s+")
# Symbols, pictographs, controls and unassigned code points say nothing about a product.
_DROPPED = frozenset({"So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn"})


def _decode_escapes(match: re.Match[str]) -> str:
    data = bytes.fromhex(match.group().replace("\\x", ""))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return " "


def normalise_title(title: str) -> str:
    """Return the title with escapes decoded, NFKC applied, emoji and controls dropped, spaces collapsed.

    Case is kept: an encoder's own tokenizer decides about it.
    """
    text = _ESCAPED_BYTES.sub(_decode_escapes, title)
    # ™ and ® are dropped before NFKC would spell them out as "TM".
    text = "".join(" " if unicodedata.category(c) in _DROPPED else c for c in text)
    text = unicodedata.normalize("NFKC", text)
    return _SPACES.sub(" ", text).strip()
