"""Splits and drawn pairs: nothing of a held-out product is fitted on, and no share is bent."""

import numpy as np
import pytest

from shared.messages import Listing
from workers.trainer.datasets.labelled import LabelledCatalog, LabelledPair, PairBenchmark
from workers.trainer.train.parts import (
    CHOOSING,
    REPORTING,
    TRAINING,
    SplitBy,
    split_benchmark,
    split_catalog,
)
from workers.trainer.train.random_pairs import random_pairs


def catalog(groups: int = 40, size: int = 5) -> LabelledCatalog:
    labels = {f"l{g:02}-{i}": f"g{g}" for g in range(groups) for i in range(size)}
    listings = tuple(Listing(id=listing, title="mug") for listing in labels)
    return LabelledCatalog("made up", listings, None, labels, {})


def every_pair(data: LabelledCatalog) -> tuple[list[tuple[str, str]], np.ndarray]:
    ids = sorted(data.groups)
    pairs = [(a, b) for i, a in enumerate(ids) for b in ids[i + 1 :]]
    return pairs, np.array([data.same(a, b) for a, b in pairs], bool)


def test_no_product_has_duplicates_on_both_sides() -> None:
    data = catalog()
    parts = split_catalog(data, SplitBy.GROUP, 42)
    pairs, duplicate = every_pair(data)
    roles = parts.roles(pairs, duplicate)
    for group in set(data.groups.values()):
        inside = [roles[i] for i, (a, _) in enumerate(pairs) if duplicate[i] and data.groups[a] == group]
        assert len(set(inside)) == 1
    held = parts.asked()
    assert held is not None
    assert len(held) == len(data.listings) / 4
    # Both halves get something, and the share of duplicates stays what it was, nearly.
    assert len(set(roles.tolist())) == 3
    shares = [duplicate[roles == TRAINING].mean(), duplicate[roles != TRAINING].mean()]
    assert shares == pytest.approx([duplicate.mean()] * 2, rel=0.3)


def test_pairs_drawn_one_by_one_keep_the_share_of_duplicates() -> None:
    data = catalog()
    pairs, duplicate = every_pair(data)
    roles = split_catalog(data, SplitBy.STRATIFIED, 42).roles(pairs, duplicate)
    assert (roles != TRAINING).mean() == pytest.approx(0.25, abs=0.001)
    assert duplicate[roles != TRAINING].mean() == pytest.approx(duplicate.mean(), abs=0.001)
    assert split_catalog(data, SplitBy.STRATIFIED, 42).asked() is None


@pytest.mark.parametrize("by", list(SplitBy))
def test_the_seed_decides(by: SplitBy) -> None:
    data = catalog()
    pairs, duplicate = every_pair(data)
    first, again, other = (split_catalog(data, by, seed).roles(pairs, duplicate) for seed in (42, 42, 43))
    assert (first == again).all()
    assert (first != other).any()


def benchmark() -> PairBenchmark:
    left, right = (tuple(Listing(id=f"{s}:{i}", title="mug") for i in range(30)) for s in "ab")

    def pairs(start: int) -> tuple[LabelledPair, ...]:
        return tuple(LabelledPair(f"a:{i}", f"b:{i}", i % 2 == 0) for i in range(start, start + 10))

    return PairBenchmark("b", left, right, {"train": pairs(0), "valid": pairs(10), "test": pairs(20)}, {})


def test_a_benchmark_keeps_its_own_split() -> None:
    parts = split_benchmark(benchmark())
    pairs = [("a:3", "b:3"), ("a:13", "b:13"), ("a:23", "b:23")]
    assert parts.roles(pairs, np.zeros(3, bool)).tolist() == [TRAINING, CHOOSING, REPORTING]


def test_random_pairs_are_all_duplicates_and_as_many_others() -> None:
    data = catalog(groups=10, size=3)
    pairs, labels = random_pairs(data, 42)
    assert labels.sum() == 10 * 3
    assert len(pairs) == 60
    assert len(set(pairs)) == 60
    assert all(a < b for a, b in pairs)
    assert [data.same(a, b) for a, b in pairs] == labels.tolist()
    assert random_pairs(data, 42)[0] == pairs
    among = [listing for listing in data.groups if listing < "l03"]
    few, few_labels = random_pairs(data, 42, among)
    assert few_labels.sum() == 9
    assert {listing for pair in few for listing in pair} <= set(among)


def test_random_pairs_of_a_benchmark_are_never_known_duplicates() -> None:
    data = benchmark()
    pairs, labels = random_pairs(data, 42, splits=("test",))
    assert [pair for pair, label in zip(pairs, labels, strict=True) if label] == [
        (f"a:{i}", f"b:{i}") for i in (20, 22, 24, 26, 28)
    ]
    assert all(a.startswith("a:") and b.startswith("b:") for a, b in pairs)
    matches = data.matches()
    others = [pair for pair, label in zip(pairs, labels, strict=True) if not label]
    assert len(others) == 5
    assert not [pair for pair in others if pair[1] in matches.get(pair[0], set())]


def test_where_all_are_one_product_there_are_no_others() -> None:
    data = catalog(groups=1, size=4)
    pairs, labels = random_pairs(data, 42)
    assert (len(pairs), labels.all()) == (6, True)
