"""Words of a title."""

import re
from collections.abc import Iterable
from typing import Final

TITLE_END: Final = "\n"
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_WORD_OR_END = re.compile(f"{_WORD.pattern}|{TITLE_END}")


def words_of(title: str) -> list[str]:
    """Return the words in lower case, in order; a number keeps its decimals."""
    return _WORD.findall(title.lower())


def words_of_all(titles: Iterable[str]) -> list[str]:
    """Return the `words_of` each title with a `TITLE_END` behind them: many take half the time together."""
    text = "".join(f"{title.replace(TITLE_END, ' ')}{TITLE_END}" for title in titles)
    return _WORD_OR_END.findall(text.lower())
