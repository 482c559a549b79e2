"""How common each word is in a catalog's titles."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from workers.index.arrays import distinct
from workers.index.growing import Growing
from workers.index.tokens.words import TITLE_END, words_of_all


class _Numbers(dict[str, int]):
    """A number for each word, from 1 on: a new word gets the next when it is asked for."""

    def __init__(self) -> None:
        self[TITLE_END] = 0

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


class Vocabulary:
    """Counts the listings whose title holds a word.

    A listing's words are kept as numbers of four bytes each: sets of strings would take a kilobyte a listing.
    """

    def __init__(self) -> None:
        self._numbers = _Numbers()
        self._holders = Growing(np.zeros(len(self._numbers), np.int64))
        self._words: dict[int, bytes] = {}

    def upsert(self, keys: Sequence[int], titles: Sequence[str]) -> None:
        """Count the titles under distinct keys, replacing those counted before under the same."""
        words = words_of_all(titles)
        numbers = np.fromiter(map(self._numbers.__getitem__, words), np.int64, len(words))
        row = np.cumsum(numbers == 0)
        held = distinct((row << 32 | numbers)[numbers > 0])
        ends = np.searchsorted(held, np.arange(len(titles) + 1) << 32)
        come = held.astype(np.uint32)
        gone = [self._words.get(key, b"") for key in keys]
        kept, size = come.tobytes(), come.itemsize
        lists = (kept[start * size : end * size] for start, end in pairwise(ends.tolist()))
        self._words.update(zip(keys, lists, strict=True))
        self._holders.append(np.zeros(len(self._numbers) - len(self._holders), np.int64))
        np.add.at(self._holders.values, come, 1)
        np.subtract.at(self._holders.values, np.frombuffer(b"".join(gone), np.uint32), 1)

    def __len__(self) -> int:
        return len(self._words)

    def rarity(self, word: str) -> float:
        """Return ln((1 + listings) / (1 + listings with the word)) + 1; 1 in an empty catalog."""
        number = self._numbers.get(word)
        holders = 0 if number is None else int(self._holders.values[number])
        return math.log((1 + len(self._words)) / (1 + holders)) + 1
