"""Every vector index gives the ids and scores of a plain NumPy search; in cells, if it searches them all."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.index.arrays import Halves, Keys, Neighbours, Vectors, most_ties
from workers.index.faiss_index import FaissIndex
from workers.index.halves import units_of
from workers.index.layout import Layout
from workers.index.ports import VectorIndex
from workers.index.sized_index import SizedIndex
from workers.index.store.listings import unit_vectors

DIM = 8


def unit(vectors: np.ndarray) -> Vectors:
    """Return vectors of length 1 as they are read from a store, which keeps float16."""
    units = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f2")
    return unit_vectors([row.tobytes() for row in units])


def every_cell(dim: int) -> SizedIndex:
    return SizedIndex(dim, least=1, probes=10**6)


def soon_in_cells(dim: int) -> SizedIndex:
    return SizedIndex(dim, least=16, probes=10**6)


def similarities(a: Vectors, b: Vectors) -> np.ndarray:
    left, right = a.astype(np.float64), b.astype(np.float64)
    norms = np.sqrt((left * left).sum(axis=1) * (right * right).sum(axis=1))
    return np.round((left * right).sum(axis=1) / np.maximum(norms, 1e-12), 9)


class Oracle:
    """A dictionary and a loop."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._vectors: dict[int, np.ndarray] = {}

    def fill(self, parts: Iterable[tuple[Keys, Halves]], plan: int | Layout) -> None:
        del plan
        for keys, vectors in parts:
            self.upsert(keys, vectors)

    def new_layout(self) -> Layout | None:
        return None

    def upsert(self, keys: Keys, vectors: Vectors | Halves) -> None:
        units = units_of(vectors) if vectors.dtype == np.float16 else vectors
        self._vectors.update(zip(keys.tolist(), units, strict=True))

    def delete(self, keys: Keys) -> None:
        for key in keys.tolist():
            self._vectors.pop(key, None)

    def search(self, queries: Vectors, k: int, among: Keys | None = None) -> list[Neighbours]:
        keys = [key for key in self._vectors if among is None or key in set(among.tolist())]
        found = []
        for query in queries:
            ranked = sorted(
                (-float(similarities(query[None], self._vectors[key][None])[0]), key) for key in keys
            )
            kept = [pair for pair in ranked if pair[0] <= ranked[min(k, len(ranked)) - 1][0]][: most_ties(k)]
            found.append(
                Neighbours(
                    np.array([key for _, key in kept], np.int64), np.array([-score for score, _ in kept])
                )
            )
        return found

    def vectors(self, keys: Keys) -> Vectors:
        return np.array([self._vectors[key] for key in keys.tolist()], np.float32).reshape(-1, self._dim)

    def has(self, keys: Keys) -> np.ndarray:
        return np.array([key in self._vectors for key in keys.tolist()], bool)

    def alike(self, keys: Keys) -> Keys:
        ordered = sorted(keys.tolist(), key=lambda key: int(np.abs(self._vectors[key]).argmax()))
        return np.array(ordered, np.int64)


@pytest.fixture(params=[FaissIndex, every_cell, soon_in_cells, Oracle])
def index(request: pytest.FixtureRequest) -> VectorIndex:
    return request.param(DIM)


def assert_same(found: list[Neighbours], expected: list[Neighbours]) -> None:
    assert [near.keys.tolist() for near in found] == [near.keys.tolist() for near in expected]
    assert [near.scores.tolist() for near in found] == [near.scores.tolist() for near in expected]


def filled(index: VectorIndex, count: int, seed: int = 1) -> tuple[Oracle, Keys, Vectors]:
    rng = np.random.default_rng(seed)
    keys = rng.permutation(10**6)[:count].astype(np.int64)
    vectors = unit(rng.normal(size=(count, DIM))) if count else np.empty((0, DIM), np.float32)
    oracle = Oracle(DIM)
    for target in (index, oracle):
        target.upsert(keys, vectors)
    return oracle, keys, vectors


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 6, 300])
@pytest.mark.parametrize("queries", [0, 1, 7, 64])
def test_search_is_exact_at_every_size(index: VectorIndex, count: int, queries: int) -> None:
    oracle, _, _ = filled(index, count)
    wanted = (
        unit(np.random.default_rng(2).normal(size=(queries, DIM)))
        if queries
        else np.empty((0, DIM), np.float32)
    )
    assert_same(index.search(wanted, 5), oracle.search(wanted, 5))


def test_listing_finds_itself_with_a_score_of_one(index: VectorIndex) -> None:
    _, keys, vectors = filled(index, 50)
    found = index.search(vectors, 1)
    assert [near.keys[0] for near in found] == keys.tolist()
    assert {near.scores[0] for near in found} == {1.0}


def test_search_among_returns_only_those(index: VectorIndex) -> None:
    oracle, keys, vectors = filled(index, 100)
    among = np.sort(np.append(keys[::3], 10**7))
    assert_same(index.search(vectors[:9], 4, among), oracle.search(vectors[:9], 4, among))
    assert all(len(near.keys) == 0 for near in index.search(vectors[:2], 4, np.empty(0, np.int64)))


def test_ties_at_the_last_place_are_complete_and_in_order_of_key(index: VectorIndex) -> None:
    twins = np.repeat(unit(np.ones((1, DIM))), 9, axis=0)
    keys = np.array([5, 3, 9, 1, 7, 2, 8, 6, 4], np.int64)
    index.upsert(keys, twins)
    near = index.search(twins[:1], 2)[0]
    assert near.keys.tolist() == list(range(1, 10))


def test_ties_do_not_grow_without_limit_nor_depend_on_order(index: VectorIndex) -> None:
    twins = np.repeat(unit(np.ones((1, DIM))), 400, axis=0)
    keys = np.random.default_rng(3).permutation(400).astype(np.int64)
    index.upsert(keys, twins)
    assert index.search(twins[:1], 5)[0].keys.tolist() == list(range(most_ties(5)))


def test_upsert_replaces(index: VectorIndex) -> None:
    _, keys, vectors = filled(index, 20)
    index.upsert(keys[:1], -vectors[:1])
    assert index.vectors(keys[:1]).tolist() == (-vectors[:1]).tolist()
    assert keys[0] not in index.search(vectors[:1], 5)[0].keys


def test_delete_removes_only_what_was_named(index: VectorIndex) -> None:
    oracle, keys, vectors = filled(index, 30)
    for target in (index, oracle):
        target.delete(np.append(keys[[3, 17, 29]], 10**7))
    assert_same(index.search(vectors, 6), oracle.search(vectors, 6))
    assert list(index.has(keys[2:5])) == [True, False, True]
    assert index.vectors(keys[4:7]).tolist() == vectors[4:7].tolist()


def test_keys_alike_are_those_that_were_given_each_kind_together(index: VectorIndex) -> None:
    rng = np.random.default_rng(5)
    kinds = rng.permutation(np.repeat(np.arange(4), 60))
    keys = rng.permutation(10**6)[: len(kinds)].astype(np.int64)
    index.upsert(keys, unit(np.eye(DIM)[kinds] + rng.normal(0, 0.02, (len(kinds), DIM))))
    chosen = rng.permutation(len(keys))[:200]
    kind_of = dict(zip(keys.tolist(), kinds.tolist(), strict=True))
    found = index.alike(keys[chosen])
    assert sorted(found.tolist()) == sorted(keys[chosen].tolist())
    assert (np.diff([kind_of[key] for key in found.tolist()]) != 0).sum() <= 20
    assert index.alike(np.sort(keys[chosen])).tolist() == found.tolist() or isinstance(index, Oracle)


@pytest.mark.parametrize("make", [FaissIndex, every_cell, soon_in_cells])
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 30)), max_size=40), st.integers(1, 6)
)
def test_any_history_leaves_what_the_oracle_has(
    make: Callable[[int], VectorIndex], steps: list[tuple[bool, int, int]], k: int
) -> None:
    index, oracle = make(DIM), Oracle(DIM)
    pool = unit(np.random.default_rng(4).normal(size=(31, DIM)))
    for add, key, vector in steps:
        for target in (index, oracle):
            if add:
                target.upsert(np.array([key], np.int64), pool[[vector]])
            else:
                target.delete(np.array([key], np.int64))
    assert_same(index.search(pool[:3], k), oracle.search(pool[:3], k))
