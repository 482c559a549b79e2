"""Which neighbours become candidates, channel by channel; what surrounds a listing has its own depth."""

import numpy as np
import pytest

from shared.limits import Limits
from shared.messages import CandidateLimits
from workers.index.arrays import Keys, Neighbours, Rows, Vectors, lists_of
from workers.index.neighbourhood import DEPTH, Found, Neighbourhood, candidates_of, near_of
from workers.index.ngrams import count_ngrams
from workers.index.sides import Sides, make_sides
from workers.index.store import StoredListing


def found(*neighbours: tuple[int, float]) -> Neighbours:
    return Neighbours(np.array([k for k, _ in neighbours], np.int64), np.array([s for _, s in neighbours]))


LISTS: Found = {
    "image": lists_of([found((1, 0.9), (2, 0.8), (3, 0.8), (4, 0.1))]),
    "text": lists_of([found((5, 0.9), (1, 0.5), (6, 0.4))]),
    "lexical": lists_of([found((7, 0.3), (5, 0.2))]),
}


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(1, 1, 1), [1, 5, 7]),
        (Limits(2, 1, 1), [1, 2, 3, 5, 7]),
        (Limits(0, 1, 1), [5, 7]),
        (Limits(0, 0, 2), [5, 7]),
        (Limits(0, 3, 0), [1, 5, 6]),
        (Limits(100, 0, 0), [1, 2, 3, 4]),
    ],
)
def test_each_channel_gives_its_best_and_what_ties_with_the_last(limits: Limits, expected: list[int]) -> None:
    listings, keys = candidates_of(LISTS, limits)
    assert (listings.tolist(), keys.tolist()) == ([0] * len(expected), expected)


def test_a_listing_is_not_its_own_candidate() -> None:
    assert candidates_of(LISTS, Limits(1, 1, 1), itself=np.array([1]))[1].tolist() == [2, 3, 5, 7]


def test_each_listing_has_candidates_of_its_own_and_one_without_neighbours_none() -> None:
    nothing = found()
    lists: Found = {
        "image": lists_of([nothing, LISTS["image"][0], nothing, found((9, 0.5), (8, 0.5), (7, 0.4))])
    }
    listings, keys = candidates_of(lists, Limits(1, 1, 1))
    assert list(zip(listings.tolist(), keys.tolist(), strict=True)) == [(1, 1), (3, 8), (3, 9)]
    near = near_of(lists)["image"]
    assert near.keys[:, :4].tolist() == [[-1] * 4, [1, 2, 3, 4], [-1] * 4, [9, 8, 7, -1]]
    assert near.scores[:, :2].tolist() == [[0.0, 0.0], [0.9, 0.8], [0.0, 0.0], [0.5, 0.5]]


class Counting:
    """An index of twenty listings that remembers how deep it was asked."""

    def __init__(self) -> None:
        self.depths: list[int] = []

    def search(self, queries: Vectors | Rows, k: int, among: Keys | None = None) -> list[Neighbours]:
        self.depths.append(k)
        ranked = found(*((key, 1 - key / 100) for key in range(20)))
        return [Neighbours(ranked.keys[:k], ranked.scores[:k])] * queries.shape[0]


def one_listing() -> Sides:
    listing = StoredListing(99, "x", "Cup", "Cup", None, "{}")
    here = np.ones(1, bool)
    vectors = {"image": np.ones((1, 2), np.float32), "text": np.ones((1, 2), np.float32)}
    return make_sides([listing], vectors, {"image": here, "text": here}, count_ngrams(["Cup"]))


def test_surroundings_are_as_deep_whatever_the_limits_are() -> None:
    channels = {"image": Counting(), "text": Counting(), "lexical": Counting()}
    neighbourhood = Neighbourhood(
        {"image": channels["image"], "text": channels["text"]},  # type: ignore[dict-item]
        channels["lexical"],  # type: ignore[arg-type]
        Limits(image=0, text=3, lexical=15),
        None,
    )
    lists = neighbourhood.search(one_listing())
    assert {name: index.depths for name, index in channels.items()} == {
        "image": [DEPTH + 2], "text": [DEPTH + 2], "lexical": [16],
    }  # fmt: skip
    near = near_of(lists)
    assert [around.keys[0].tolist() for around in near.values()] == [list(range(DEPTH + 1))] * 3


def test_what_is_said_of_a_channel_goes_before_k() -> None:
    assert CandidateLimits().limits == Limits.all(10)
    assert CandidateLimits(k=5, k_image=0, k_lexical=50).limits == Limits(image=0, text=5, lexical=50)
    with pytest.raises(ValueError, match="no candidates could be found"):
        CandidateLimits(k_image=0, k_text=0, k_lexical=0)
