"""An index that searches some of its cells: how much it finds, and whether it repeats itself."""

import numpy as np
import pytest

from workers.index.arrays import Keys, Neighbours, Vectors
from workers.index.faiss_index import FaissIndex
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


def recall(found: list[Neighbours], exact: list[Neighbours]) -> float:
    return float(np.mean([np.isin(b.keys, a.keys).mean() for a, b in zip(found, exact, strict=True)]))


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
    keys, vectors = data
    order = np.argsort(keys)
    told, exact = cells(), filled(FaissIndex(DIM), data)
    told.expect(LISTINGS)
    filled(told, (keys[order], vectors[order]))
    assert recall(told.search(vectors[::7], K), exact) >= 0.98
