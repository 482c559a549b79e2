"""Measuring many pairs at once."""

import tracemalloc

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
