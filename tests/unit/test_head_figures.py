"""The figures that a head is judged by: ties, cuts, neighbourhood blending, draws."""

import numpy as np
import pytest

from workers.trainer.matching.dense import best_cut, blended, hit_at_1, row_f1, similarities_of
from workers.trainer.matching.grocery import FEW, draw_few
from workers.trainer.matching.grocery_data import Photos, held_out_rows, known_halves
from workers.trainer.report import metrics

GROUPS = np.array([0, 0, 1, 1, 2])
SCORES = np.array(
    [
        [1.0, 0.7, 0.7, 0.1, 0.0],
        [0.7, 1.0, 0.2, 0.1, 0.0],
        [0.7, 0.2, 1.0, 0.6, 0.0],
        [0.1, 0.1, 0.6, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ]
)


def test_hit_counts_the_share_of_ties() -> None:
    """First row: two tie, one is right; third: wrong; second and fourth: right; the fifth is not asked."""
    assert hit_at_1(SCORES, GROUPS) == pytest.approx((0.5 + 1 + 0 + 1) / 4)
    assert hit_at_1(SCORES, GROUPS, np.array([True, False, True, False, True])) == pytest.approx(0.25)


@pytest.mark.parametrize("cut", [0.05, 0.65, 0.9])
def test_row_f1_is_that_of_the_report(cut: float) -> None:
    ids = "abcde"
    matches = {ids[i]: {ids[j] for j in range(5) if SCORES[i, j] >= cut} for i in range(5)}
    groups = {ids[i]: str(GROUPS[i]) for i in range(5)}
    assert row_f1(SCORES.copy(), GROUPS, cut) == pytest.approx(metrics.row_f1(matches, groups))


def test_best_cut_lies_at_the_score_that_parts_groups() -> None:
    parted = np.where(GROUPS[:, None] == GROUPS[None, :], 0.8, 0.3)
    assert best_cut([(parted, GROUPS)]) == pytest.approx(0.8)


def test_blending_moves_towards_neighbours_above_the_cut_only() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    moved = blended(vectors, cut=0.7, neighbours=1)
    expected = np.array([1 + 0.8 * 0.8, 0.8 * 0.6])
    assert np.allclose(moved[0], expected / np.linalg.norm(expected), atol=1e-6)
    assert np.allclose(moved[2], [0, 1])
    assert similarities_of(moved)[0, 1] > similarities_of(vectors)[0, 1]


def test_few_are_drawn_of_every_group() -> None:
    groups = np.repeat([3, 5, 7], [2, 10, 4])
    rows = draw_few(groups, np.random.default_rng(0))
    assert sorted(groups[rows].tolist()) == [3, 3, *[5] * FEW, *[7] * FEW]
    assert len(set(rows.tolist())) == len(rows)


def test_what_is_chosen_on_never_meets_what_is_held_out() -> None:
    """Twelve products of three photos, two of them new to the tower: those are held out in every split."""
    products = np.repeat(np.arange(12), 3)
    vectors = np.zeros((len(products), 2), np.float32)
    photos = Photos(image=vectors, text=vectors, products=products, strange=products < 2)
    for seed in range(5):
        parts = [*known_halves(photos, seed), np.flatnonzero(held_out_rows(photos, seed))]
        assert sorted(np.concatenate(parts).tolist()) == list(range(len(products)))
        assert [len(np.unique(products[rows])) for rows in parts] == [3, 3, 6]
        assert {0, 1} <= set(products[parts[2]].tolist())
