"""What surrounds a pair, by hand."""

import numpy as np
import pytest

from workers.index.neighbourhood import DEPTH, Near
from workers.index.surroundings import ASPECTS, surroundings_of


def near(*neighbours: tuple[int, float]) -> Near:
    """One listing's neighbours as (key, score), best first."""
    keys, scores = np.full((1, DEPTH + 1), -1, np.int64), np.zeros((1, DEPTH + 1))
    for place, (key, score) in enumerate(neighbours):
        keys[0, place], scores[0, place] = key, score
    return Near(keys, scores)


def around(near_a: Near, near_b: Near, sim: float, key_a: int = 1, key_b: int = 2) -> dict[str, float]:
    found = surroundings_of(near_a, near_b, np.array([key_a]), np.array([key_b]), np.array([sim]))
    return dict(zip(ASPECTS, (float(values[0]) for values in found), strict=True))


def many(*scores: float, start: int = 10) -> list[tuple[int, float]]:
    return [(start + i, score) for i, score in enumerate(scores)]


def test_first_from_one_side_and_third_from_the_other() -> None:
    found = around(near((2, 0.8), (10, 0.5)), near((11, 0.95), (12, 0.9), (1, 0.8)), 0.8)
    assert (found["rank_least"], found["rank_most"]) == (pytest.approx(1 / 3), 1)
    assert (found["lead_least"], found["lead_most"]) == (pytest.approx(-0.15), pytest.approx(0.3))


def test_density_compares_with_the_tenth_of_the_others() -> None:
    scores = [0.9 - 0.05 * i for i in range(DEPTH)]
    found = around(near((2, 0.95), *many(*scores)), near((1, 0.95)), 0.95)
    assert found["density_least"] == pytest.approx(0.95 - scores[-1])
    assert found["density_most"] == pytest.approx(0.95)


def test_common_neighbours_are_counted_once_and_without_the_two_themselves() -> None:
    found = around(near((2, 0.9), (10, 0.8), (11, 0.7)), near((1, 0.9), (11, 0.8), (12, 0.7)), 0.9)
    assert found["common"] == pytest.approx(1 / 3)
    assert around(near((2, 0.9)), near((1, 0.9)), 0.9)["common"] == 0


def test_a_partner_that_the_list_does_not_hold_is_ranked_as_if_it_did() -> None:
    others = near(*many(0.9, 0.8, 0.7))
    assert around(others, near(), 0.75)["rank_least"] == pytest.approx(1 / 3)


def test_both_sides_are_treated_alike() -> None:
    a, b = near((2, 0.6), (10, 0.55)), near((10, 0.9), (1, 0.6), (13, 0.4))
    assert around(a, b, 0.6) == around(b, a, 0.6, key_a=2, key_b=1)


def test_without_neighbours_the_similarity_itself_is_the_lead() -> None:
    found = around(near(), near(), 0.4)
    assert (found["rank_least"], found["lead_least"], found["density_most"]) == (1, 0.4, 0.4)
