"""Figures of the report on cases small enough to work out by hand."""

import pytest

from workers.trainer.report.metrics import (
    b_cubed,
    hit_at_1,
    largest,
    matches_of,
    mean_average_precision,
    others_of_group,
    recall_at,
    row_f1,
)

GROUPS = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "b2": "b", "c1": "c"}
RELEVANT = others_of_group(GROUPS)
RANKED = {
    "a1": ["b1", "a2", "c1", "a3"],  # hits at 2 and 4
    "a2": ["a1", "a3"],  # hits at 1 and 2
    "a3": ["c1", "a1"],  # one of two is never found
    "b1": ["b2"],
    "c1": ["a1"],  # has no duplicate: not asked about; b2 found nothing
}


def test_others_of_group() -> None:
    assert RELEVANT["a1"] == {"a2", "a3"}
    assert RELEVANT["c1"] == set()


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, (0 + 1 / 2 + 0 + 1 + 0) / 5),
        (2, (1 / 2 + 1 + 1 / 2 + 1 + 0) / 5),
        (10, (1 + 1 + 1 / 2 + 1 + 0) / 5),
    ],
)
def test_recall_at(k: int, expected: float) -> None:
    assert recall_at(RANKED, RELEVANT, k) == pytest.approx(expected)


def test_hit_at_1() -> None:
    assert hit_at_1(RANKED, RELEVANT) == pytest.approx(2 / 5)


def test_mean_average_precision() -> None:
    a1, a2, a3 = (1 / 2 + 2 / 4) / 2, (1 + 1) / 2, (1 / 2) / 2
    assert mean_average_precision(RANKED, RELEVANT) == pytest.approx((a1 + a2 + a3 + 1 + 0) / 5)


def test_without_queries_all_are_zero() -> None:
    alone = {"x": set[str]()}
    assert recall_at({}, alone, 5) == hit_at_1({}, alone) == mean_average_precision({}, alone) == 0


def test_row_f1_and_the_score_of_predicting_nothing() -> None:
    nothing = (3 * (2 * 1 / (1 + 3)) + 2 * (2 * 1 / (1 + 2)) + 1) / 6
    assert row_f1({}, GROUPS) == pytest.approx(nothing)
    matches = matches_of([("a1", "a2"), ("a1", "c1")])
    a1, a2, c1 = 2 * 2 / (3 + 3), 2 * 2 / (2 + 3), 2 * 1 / (2 + 1)
    expected = (a1 + a2 + 2 / 4 + 2 * (2 / 3) + c1) / 6
    assert row_f1(matches, GROUPS) == pytest.approx(expected)
    assert row_f1({"a1": ["a1", "a2", "c1"], "a2": ["a1"], "c1": ["a1"]}, GROUPS) == pytest.approx(expected)
    assert row_f1(RELEVANT, GROUPS) == 1


def test_b_cubed() -> None:
    found = b_cubed([("a1", "a2", "c1"), ("b1", "b2")], GROUPS)
    # a1, a2: two of the three found, and of the three true, are theirs; a3 is alone.
    assert found.precision == pytest.approx((2 / 3 + 2 / 3 + 1 + 1 + 1 + 1 / 3) / 6)
    assert found.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1 + 1) / 6)


def test_row_f1_and_b_cubed_of_some_listings_in_the_catalog_of_all() -> None:
    asked = ["a1", "a3"]
    assert row_f1(matches_of([("a1", "a2"), ("a1", "c1")]), GROUPS, asked) == pytest.approx(
        (4 / 6 + 2 / 4) / 2
    )
    found = b_cubed([("a1", "a2", "c1"), ("b1", "b2")], GROUPS, asked)
    assert (found.precision, found.recall) == (
        pytest.approx((2 / 3 + 1) / 2),
        pytest.approx((2 / 3 + 1 / 3) / 2),
    )


def test_b_cubed_of_extremes() -> None:
    alone = b_cubed([], GROUPS)
    assert (alone.precision, alone.recall) == (1, pytest.approx((3 * (1 / 3) + 2 * (1 / 2) + 1) / 6))
    chain = b_cubed([tuple(GROUPS)], GROUPS)
    assert (chain.precision, chain.recall) == (pytest.approx((3 * 3 + 2 * 2 + 1) / 36), 1)


def test_largest() -> None:
    assert largest([("a", "b"), ("c", "d", "e")]) == 3
    assert largest([]) == 1
