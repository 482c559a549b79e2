"""How common each word is in a catalog's titles."""

import math
from collections import Counter
from collections.abc import Iterable

from workers.index.tokens.words import words_of


class Vocabulary:
    """Counts the listings whose title holds a word."""

    def __init__(self) -> None:
        self._words: dict[int, frozenset[str]] = {}
        self._holders: Counter[str] = Counter()

    def upsert(self, titles: Iterable[tuple[int, str]]) -> None:
        """Count the titles, replacing those counted before under the same key."""
        for key, title in titles:
            self._holders.subtract(self._words.get(key, ()))
            words = frozenset(words_of(title))
            self._words[key] = words
            self._holders.update(words)

    def __len__(self) -> int:
        return len(self._words)

    def rarity(self, word: str) -> float:
        """Return ln((1 + listings) / (1 + listings with the word)) + 1; 1 in an empty catalog."""
        return math.log((1 + len(self._words)) / (1 + self._holders[word])) + 1
