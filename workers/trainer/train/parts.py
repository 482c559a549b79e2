"""Which pairs are fitted on, and which are held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark

HELD_OUT: Final = 0.25
Flags = NDArray[np.bool_]
Roles = NDArray[np.uint8]
TRAINING, FIRST_HALF, SECOND_HALF, CHOOSING, REPORTING = range(5)
"""What a pair is for: fitting; either half of the held-out pairs; thresholds alone; figures alone."""


class SplitBy(StrEnum):
    """By whole groups, so that nothing of a held-out product was seen; or pair by pair, as notebooks do."""

    GROUP = "group"
    STRATIFIED = "stratified"


@dataclass(frozen=True, slots=True)
class Parts:
    """A split of the pairs of one data set.

    Attributes:
        held_groups: labels of the groups that are held out; None where pairs are drawn one by one.
        groups: label of the group by listing id.
        benchmark: role by pair, for benchmarks that bring their own split.
    """

    seed: int
    held_groups: frozenset[str] | None
    groups: Mapping[str, str]
    benchmark: Mapping[tuple[str, str], int] | None = None

    def roles(self, pairs: Sequence[tuple[str, str]], duplicate: Flags) -> Roles:
        """Return what each pair is for, (n,), values as above.

        By groups, a pair of a held-out and another group goes with its first listing: both parts then have
        the share of duplicates that there is in use, and no duplicates of one product are on both sides.
        """
        if self.benchmark is not None:
            return np.array([self.benchmark[pair] for pair in pairs], np.uint8)
        roles = np.full(len(pairs), TRAINING, np.uint8)
        if self.held_groups is None:
            drawn = self._drawn(duplicate)
            roles[drawn[0::2]], roles[drawn[1::2]] = FIRST_HALF, SECOND_HALF
            return roles
        halves = {group: FIRST_HALF + i % 2 for i, group in enumerate(sorted(self.held_groups))}
        for i, (first, _) in enumerate(pairs):
            roles[i] = halves.get(self.groups[first], TRAINING)
        return roles

    def asked(self) -> list[str] | None:
        """Return the listings that figures of a whole catalog are about; None: all of them."""
        if self.held_groups is None:
            return None
        return [listing for listing, group in self.groups.items() if group in self.held_groups]

    def _drawn(self, duplicate: Flags) -> NDArray[np.int64]:
        places = np.arange(len(duplicate))
        if min(duplicate.sum(), (~duplicate).sum()) < 2:
            return places[:0]
        held: NDArray[np.int64] = train_test_split(
            places, test_size=HELD_OUT, stratify=duplicate, random_state=self.seed
        )[1]
        return held


def split_catalog(catalog: LabelledCatalog, by: SplitBy, seed: int) -> Parts:
    """Hold out a quarter of the groups, or of the pairs."""
    if by is SplitBy.STRATIFIED:
        return Parts(seed, None, catalog.groups)
    labels = np.array([catalog.groups[listing] for listing in sorted(catalog.groups)])
    splitter = GroupShuffleSplit(n_splits=1, test_size=HELD_OUT, random_state=seed)
    _, held = next(splitter.split(labels, groups=labels))
    return Parts(seed, frozenset(labels[held].tolist()), catalog.groups)


def split_benchmark(benchmark: PairBenchmark) -> Parts:
    """Keep to the split of the benchmark: fit on train, thresholds from valid, figures on test."""
    roles = {
        (pair.left, pair.right): role
        for split, role in (("train", TRAINING), ("valid", CHOOSING), ("test", REPORTING))
        for pair in benchmark.splits[split]  # type: ignore[index]
    }
    return Parts(0, None, {}, roles)


def choosing(roles: Roles, other_than: int | None = None) -> Flags:
    """Return the pairs that thresholds are chosen on; without one half, to report on it."""
    chosen: Flags = np.isin(roles, [FIRST_HALF, SECOND_HALF, CHOOSING])
    return chosen if other_than is None else chosen & (roles != other_than)


def reporting(roles: Roles) -> Flags:
    """Return the pairs that figures are about."""
    chosen: Flags = np.isin(roles, [FIRST_HALF, SECOND_HALF, REPORTING])
    return chosen
