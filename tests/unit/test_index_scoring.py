"""Measuring many pairs at once."""

import tracemalloc
from dataclasses import replace

import numpy as np

from workers.index.ngrams import count_ngrams
from workers.index.scoring import Context, measure
from workers.index.sides import Sides, make_sides
from workers.index.store import StoredListing
from workers.index.tfidf_index import TfidfIndex
from workers.index.vocabulary import Vocabulary

LISTINGS, DIM, PAIRS = 150, 512, 12_000


def photos() -> Sides:
    vectors = np.random.default_rng(0).normal(size=(LISTINGS, DIM)).astype(np.float32)
    listings = [StoredListing(i, str(i), "", "", "photo", "{}") for i in range(LISTINGS)]
    present = {"image": np.ones(LISTINGS, bool), "text": np.zeros(LISTINGS, bool)}
    return make_sides(listings, {"image": vectors}, present, count_ngrams([""] * LISTINGS))


def test_memory_for_comparing_vectors_does_not_grow_with_the_pairs() -> None:
    sides, rng = photos(), np.random.default_rng(1)
    context = Context(TfidfIndex(), Vocabulary().rarity, "alone")
    a, b = rng.integers(0, LISTINGS, PAIRS), rng.integers(0, LISTINGS, PAIRS)
    tracemalloc.start()
    try:
        measured = measure(sides, a, sides, b, context, None)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Both sides of all pairs, once, in the precision of the comparison.
    assert most < 2 * PAIRS * DIM * 8
    some = rng.choice(PAIRS, 20, replace=False)
    for i in some:
        alone = measure(sides, a[i : i + 1], sides, b[i : i + 1], context, None)[0]
        assert measured[i] == alone


def teas() -> Sides:
    titles = ["Kopi Arabika 250 g", "kopi arabika 500 g", "teh melati"]
    rows, vectors = count_ngrams(titles), np.eye(3, 4, dtype=np.float32) + np.float32(0.5)
    listings = [StoredListing(i, f"l-{i}", title, title, None, "{}") for i, title in enumerate(titles)]
    absent, present = np.zeros(3, bool), np.ones(3, bool)
    return make_sides(listings, {"text": vectors}, {"image": absent, "text": present}, rows)


def test_pairs_are_told_the_same_where_no_features_are_wanted() -> None:
    sides = teas()
    alone = Context(TfidfIndex(), Vocabulary().rarity, "alone")
    first, second = np.array([0, 0, 1]), np.array([1, 2, 2])

    full = measure(sides, first, sides, second, alone, None)
    bare = measure(sides, first, sides, second, alone, None, wanted=())

    assert full.matrices["text_only"][1].shape[0] == 3
    assert bare.matrices == {}
    for pair in range(3):
        assert bare[pair] == replace(full[pair], values=())


def test_others_have_their_turn_between_the_steps_and_change_nothing() -> None:
    sides, first, second = teas(), np.array([0, 0, 1]), np.array([1, 2, 2])
    alone = Context(TfidfIndex(), Vocabulary().rarity, "alone")
    turns = []

    def another() -> None:
        turns.append(measure(sides, first[:1], sides, second[:1], alone, None)[0])

    found = measure(sides, first, sides, second, replace(alone, give_way=another), None)
    expected = measure(sides, first, sides, second, alone, None)

    assert len(turns) >= 4
    assert [found[pair] for pair in range(3)] == [expected[pair] for pair in range(3)]
    assert set(turns) == {expected[0]}
