"""How common each word is in a catalog's titles."""

import math
from collections.abc import Iterable

import numpy as np

from workers.index.growing import Growing
from workers.index.tokens.words import words_of


class Vocabulary:
    """Counts the listings whose title holds a word.

    A listing's words are kept as numbers of four bytes each: sets of strings would take a kilobyte a listing.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._holders = Growing(np.empty(0, np.int64))
        self._words: dict[int, bytes] = {}

    def upsert(self, titles: Iterable[tuple[int, str]]) -> None:
        """Count the titles, replacing those counted before under the same key."""
        come: list[bytes] = []
        gone: list[bytes] = []
        for key, title in titles:
            gone.append(self._words.get(key, b""))
            come.append(self._numbered(title))
            self._words[key] = come[-1]
        self._holders.append(np.zeros(len(self._numbers) - len(self._holders), np.int64))
        for lists, change in ((come, 1), (gone, -1)):
            np.add.at(self._holders.values, np.frombuffer(b"".join(lists), np.uint32), change)

    def __len__(self) -> int:
        return len(self._words)

    def rarity(self, word: str) -> float:
        """Return ln((1 + listings) / (1 + listings with the word)) + 1; 1 in an empty catalog."""
        number = self._numbers.get(word)
        holders = 0 if number is None else int(self._holders.values[number])
        return math.log((1 + len(self._words)) / (1 + holders)) + 1

    def _numbered(self, title: str) -> bytes:
        numbers = self._numbers
        words = {numbers.setdefault(word, len(numbers)) for word in words_of(title)}
        return np.fromiter(words, np.uint32, len(words)).tobytes()
