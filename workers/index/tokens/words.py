"""Words of a title."""

import re

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")


def words_of(title: str) -> list[str]:
    """Return the words in lower case, in order; a number keeps its decimals."""
    return _WORD.findall(title.lower())
