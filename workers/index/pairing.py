"""Facts of listings, pair by pair: what two of them say is compared once, however many pairs they are in."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from workers.index.tokens.facts import Facts

Places = NDArray[np.int64]
Value = TypeVar("Value", bound=Hashable)
Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Combinations(Generic[Value]):
    """The distinct combinations of two values among n pairs.

    Combination c is of `values[left[c]]` and `values[right[c]]`; pair i has the combination `of_pair[i]`.
    """

    values: list[Value]
    left: Places
    right: Places
    of_pair: Places

    def compared(self, compare: Callable[[Value, Value], Said]) -> list[Said]:
        """Return what `compare` says of each combination."""
        return [
            compare(self.values[a], self.values[b])
            for a, b in zip(self.left.tolist(), self.right.tolist(), strict=True)
        ]


class Pairing:
    """n pairs of listings: `a[places_a[i]]` with `b[places_b[i]]`."""

    def __init__(self, a: Sequence[Facts], places_a: Places, b: Sequence[Facts], places_b: Places) -> None:
        self._a, self._b = a, b
        self._places_a, self._places_b = places_a, places_b

    def __len__(self) -> int:
        return len(self._places_a)

    def where(self, chosen: NDArray[np.bool_]) -> "Pairing":
        """Return those of the pairs that are chosen (n,)."""
        return Pairing(self._a, self._places_a[chosen], self._b, self._places_b[chosen])

    def numbers(self, read: Callable[[Facts], float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return a number of each first and of each second side, (n,) both."""
        left = np.array([read(facts) for facts in self._a], np.float64)
        right = left if self._b is self._a else np.array([read(facts) for facts in self._b], np.float64)
        return left[self._places_a], right[self._places_b]

    def codes(self, read: Callable[[Facts], Value]) -> tuple[list[Value], Places, Places]:
        """Return the distinct values, and which of them each first and each second side has, (n,) both."""
        known: dict[Value, int] = {}
        left = _coded(self._a, read, known)
        right = left if self._b is self._a else _coded(self._b, read, known)
        return list(known), left[self._places_a], right[self._places_b]

    def combinations(self, read: Callable[[Facts], Value]) -> Combinations[Value]:
        """Return the distinct combinations of what is read of both sides."""
        values, left, right = self.codes(read)
        distinct, of_pair = np.unique(left * len(values) + right, return_inverse=True)
        return Combinations(values, distinct // len(values), distinct % len(values), of_pair)


def _coded(facts: Sequence[Facts], read: Callable[[Facts], Value], known: dict[Value, int]) -> Places:
    return np.array([known.setdefault(read(each), len(known)) for each in facts], np.int64)
