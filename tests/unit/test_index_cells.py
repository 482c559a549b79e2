"""An index that searches some of its cells: how much it finds, and whether it repeats itself."""

from collections.abc import Iterator

import numpy as np
import pytest

from workers.index.arrays import Halves, Keys, Neighbours, Vectors
from workers.index.faiss_index import FaissIndex
from workers.index.halves import halves_of, sums_of
from workers.index.keys import keys_of
from workers.index.layout import Layout
from workers.index.sized_index import SizedIndex
from workers.index.store.listings import unit_vectors

DIM, LISTINGS, LEAST, K = 64, 6000, 1500, 12
Data = tuple[Keys, Vectors]


@pytest.fixture(scope="module")
def data() -> Data:
    """Twins, four to a product, products in clouds."""
    random = np.random.default_rng(7)
    clouds = random.normal(size=(40, DIM))
    products = clouds[random.integers(0, 40, LISTINGS // 4)] + random.normal(size=(LISTINGS // 4, DIM))
    vectors = np.repeat(products, 4, axis=0) + 0.4 * random.normal(size=(LISTINGS, DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = random.permutation(10**6)[:LISTINGS].astype(np.int64)
    return keys, unit_vectors([row.tobytes() for row in vectors.astype("<f2")])


def cells(probes: int | None = None) -> SizedIndex:
    return SizedIndex(DIM, LEAST, probes)


def filled(index: SizedIndex | FaissIndex, data: Data, step: int = 500) -> list[Neighbours]:
    keys, vectors = data
    for start in range(0, LISTINGS, step):
        index.upsert(keys[start : start + step], vectors[start : start + step])
    return index.search(vectors[::7], K)


def stored(data: Data, step: int = 500) -> Iterator[tuple[Keys, Halves]]:
    """Give the vectors as a store does: in order of their keys, part by part."""
    keys, vectors = data
    order = np.argsort(keys)
    for start in range(0, len(keys), step):
        part = order[start : start + step]
        yield keys[part], halves_of(vectors[part])


def recall(found: list[Neighbours], exact: list[Neighbours]) -> float:
    return float(np.mean([np.isin(b.keys, a.keys).mean() for a, b in zip(found, exact, strict=True)]))


def test_keys_stay_whole_where_cells_never_held_anything() -> None:
    """Few distinct vectors: most centres are never the nearest of any."""
    keys = keys_of(f"listing-{n}" for n in range(4 * LEAST))
    random = np.random.default_rng(3)
    distinct = unit_vectors([row.tobytes() for row in random.normal(size=(20, DIM)).astype("<f2")])
    index = cells()
    index.upsert(keys, distinct[np.arange(len(keys)) % 20])
    assert sorted(index.alike(keys).tolist()) == sorted(keys.tolist())
    layout = index.new_layout()
    assert layout is not None
    assert sorted(layout.keys.tolist()) == sorted(keys.tolist())


def test_nearly_all_neighbours_are_found_with_the_very_scores(data: Data) -> None:
    found, exact = filled(cells(), data), filled(FaissIndex(DIM), data)
    assert recall(found, exact) >= 0.98
    for near, true in zip(found, exact, strict=True):
        scores = dict(zip(true.keys.tolist(), true.scores.tolist(), strict=True))
        both = np.isin(near.keys, true.keys)
        assert near.scores[both].tolist() == [scores[key] for key in near.keys[both].tolist()]


def test_fewer_cells_find_less(data: Data) -> None:
    exact = filled(FaissIndex(DIM), data)
    shares = [recall(filled(cells(probes), data), exact) for probes in (1, 4, 48)]
    assert shares[0] < shares[1] < shares[2]


def test_an_index_filled_again_says_the_same(data: Data) -> None:
    first, again = filled(cells(2), data), filled(cells(2), data)
    assert [near.keys.tolist() for near in first] == [near.keys.tolist() for near in again]


def test_a_search_among_few_misses_none(data: Data) -> None:
    keys, vectors = data
    some, exact = cells(1), FaissIndex(DIM)
    filled(some, data)
    filled(exact, data)
    found, true = (index.search(vectors[:50], K, keys[::5]) for index in (some, exact))
    assert [near.keys.tolist() for near in found] == [near.keys.tolist() for near in true]
    assert [near.scores.tolist() for near in found] == [near.scores.tolist() for near in true]


def test_more_than_the_cells_hold_is_looked_for_everywhere(data: Data) -> None:
    narrow = cells(1)
    filled(narrow, data)
    assert all(len(near.keys) >= 1000 for near in narrow.search(data[1][:3], 1000))


def test_below_the_least_size_the_index_is_exact(data: Data) -> None:
    keys, vectors = data
    sized, exact = SizedIndex(DIM, LISTINGS + 1, 1), FaissIndex(DIM)
    for index in (sized, exact):
        index.upsert(keys, vectors)
    found, true = (index.search(vectors[::9], K) for index in (sized, exact))
    assert [near.keys.tolist() for near in found] == [near.keys.tolist() for near in true]
    sized.upsert(np.array([-7], np.int64), -vectors[:1])
    assert recall(sized.search(vectors[::9], K), true) < 1


def test_cells_made_once_for_what_is_to_come_find_as_much(data: Data) -> None:
    told, exact = cells(), filled(FaissIndex(DIM), data)
    told.fill(stored(data), LISTINGS)
    assert recall(told.search(data[1][::7], K), exact) >= 0.98


def layout_of(index: SizedIndex) -> Layout:
    layout = index.new_layout()
    assert layout is not None
    return layout


def keys_found(index: SizedIndex, data: Data) -> list[list[int]]:
    return [near.keys.tolist() for near in index.search(data[1][::7], K)]


def resumed(layout: Layout, data: Data) -> SizedIndex:
    index = cells(2)
    index.fill(stored(data), layout)
    return index


def test_an_index_filled_with_its_layout_says_the_same_and_makes_no_cells(data: Data) -> None:
    before = cells(2)
    filled(before, data)
    after = resumed(layout_of(before), data)
    assert keys_found(after, data) == keys_found(before, data)
    assert after.new_layout() is None


def test_a_layout_holds_for_no_vector_that_changed_and_misses_none_that_came(data: Data) -> None:
    keys, vectors = data
    before = cells(2)
    filled(before, data)
    changed = vectors.copy()
    changed[:99] = vectors[99:198]
    order = np.random.default_rng(1).permutation(LISTINGS)[: LISTINGS - 50]
    now = np.append(keys[order], 10**6), np.concatenate([changed[order], vectors[:1]])
    layout = layout_of(before)
    assert (layout.cells_of(now[0], halves_of(now[1])) < 0).sum() == 1 + (order < 99).sum()
    index, anew = resumed(layout, now), cells()
    anew.upsert(*now)
    exact = FaissIndex(DIM)
    exact.upsert(*now)
    wide = SizedIndex(DIM, LEAST)
    wide.fill(stored(now), layout)
    truth = exact.search(vectors[::7], K)
    assert recall(wide.search(vectors[::7], K), truth) >= recall(anew.search(vectors[::7], K), truth) - 0.01
    assert len(index.search(vectors[:1], LISTINGS)[0].keys) <= len(now[0])


def test_the_layout_of_other_vectors_is_left_behind(data: Data) -> None:
    keys, vectors = data
    other = cells(2)
    filled(other, (keys, np.roll(vectors, 1, axis=0)))
    index = resumed(layout_of(other), data)
    anew = cells(2)
    anew.fill(stored(data), LISTINGS)
    assert recall(index.search(vectors[::7], K), anew.search(vectors[::7], K)) >= 0.9
    assert layout_of(index).cells_of(keys, halves_of(vectors)).min() >= 0


def test_cells_are_made_anew_for_all_when_there_are_twice_as_many_as_in_the_layout(data: Data) -> None:
    keys, vectors = data
    small, anew = cells(), cells(2)
    few = np.argsort(keys)[: LISTINGS // 2 - 100]
    small.upsert(keys[few], vectors[few])
    index = resumed(layout_of(small), data)
    anew.fill(stored(data), LISTINGS)
    assert len(layout_of(index).centres) == len(layout_of(anew).centres)
    assert keys_found(index, data) == keys_found(anew, data)


def test_a_layout_is_told_again_when_one_in_eight_is_new(data: Data) -> None:
    keys, vectors = data
    index = cells()
    index.upsert(keys[:3000], vectors[:3000])
    assert index.new_layout() is not None
    index.upsert(keys[3000:3100], vectors[3000:3100])
    assert index.new_layout() is None
    index.upsert(keys[3100:3500], vectors[3100:3500])
    assert len(layout_of(index).keys) == 3500
    assert SizedIndex(DIM).new_layout() is None


@pytest.mark.parametrize("dim", [1, 3, 4, 384])
def test_a_checksum_changes_with_every_value(dim: int) -> None:
    halves = np.random.default_rng(dim).normal(size=(1, dim)).astype(np.float16)
    changed = np.repeat(halves, dim, axis=0)
    np.fill_diagonal(changed.view(np.uint16), np.diag(changed.view(np.uint16)) ^ 1)
    assert len(set(sums_of(np.concatenate([halves, changed])).tolist())) == dim + 1
