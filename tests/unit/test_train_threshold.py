"""Thresholds: rules as they are written, and what they choose on pairs small enough to see through."""

from pathlib import Path

import numpy as np
import pytest

from shared.errors import ArtifactError
from workers.trainer.train.held_out import HeldOut, load_held_out
from workers.trainer.train.parts import CHOOSING, FIRST_HALF, REPORTING, SECOND_HALF
from workers.trainer.train.threshold import BadRule, Rule, choose_threshold, read_rule

CHANCES = np.array([0.95, 0.9, 0.8, 0.7, 0.5, 0.3, 0.2])
DUPLICATE = np.array([1, 1, 0, 1, 0, 1, 0], bool)


@pytest.mark.parametrize("text", ["f1", "precision=0.95", "cost=5:1", "cost=0.5:2"])
def test_a_rule_reads_what_it_writes(text: str) -> None:
    assert str(read_rule(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "F1", "f1=1", "recall=0.5"),
        *("precision", "precision=0", "precision=1.1", "precision=high", "precision=nan"),
        *("cost=1", "cost=0:0", "cost=-1:2", "cost=inf:1", "cost=nan:1"),
    ],
)
def test_other_rules_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadRule, match=r"write f1, precision=0\.95 .* or cost=5:1"):
        read_rule(text)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # F1 at each cut: 2/5, 4/6, 4/7, 6/8, 6/9, 8/10, 8/11.
        ("f1", 0.25),
        # Precision at each cut: 1, 1, 2/3, 3/4, 3/5, 4/6, 4/7; the lowest threshold that has it.
        ("precision=1", 0.85),
        ("precision=0.75", 0.6),
        ("precision=0.66", 0.25),
        ("precision=0.5", 0.1),
        # wrong and missed at each cut: 0+3, 0+2, 1+2, 1+1, 2+1, 2+0, 3+0.
        ("cost=1:1", 0.85),
        ("cost=10:1", 0.85),
        ("cost=1:10", 0.25),
        ("cost=1:0", 1.0),
    ],
)
def test_what_each_rule_chooses(rule: str, expected: float) -> None:
    assert choose_threshold(read_rule(rule), CHANCES, DUPLICATE) == pytest.approx(expected)


def test_a_precision_out_of_reach_gives_the_best_there_is() -> None:
    chances, duplicate = np.array([0.9, 0.8, 0.7]), np.array([False, True, True])
    assert choose_threshold(read_rule("precision=0.99"), chances, duplicate) == pytest.approx(0.35)


def test_equal_and_nearly_equal_probabilities_are_not_divided_wrongly() -> None:
    chances = np.array([0.5, 0.5, 0.5, 0.1])
    assert choose_threshold(read_rule("precision=1"), chances, np.array([1, 0, 1, 1], bool)) <= 0.1
    near = np.array([0.999999, 0.999998, 0.999997])
    least = choose_threshold(read_rule("precision=1"), near, np.array([True, True, False]))
    assert (near >= least).tolist() == [True, True, False]


def test_no_pair_is_judged_by_a_threshold_that_it_had_a_part_in() -> None:
    """Each half alone would put the line elsewhere; the halves swap theirs."""
    chances = np.array([0.9, 0.6, 0.5, 0.4] * 2)
    duplicate = np.array([1, 0, 0, 0, 1, 1, 1, 0], bool)
    roles = np.array([FIRST_HALF] * 4 + [SECOND_HALF] * 4, np.uint8)
    held = HeldOut(chances, duplicate, roles)
    # On the first half the line is at 0.75, on the second at 0.45.
    assert held.called(Rule()).tolist() == [True, True, True, False, True, False, False, False]
    assert held.reported().all()


def test_a_benchmark_chooses_on_one_split_and_reports_on_another(tmp_path: Path) -> None:
    roles = np.array([CHOOSING, CHOOSING, REPORTING, REPORTING], np.uint8)
    held = HeldOut(np.array([0.9, 0.5, 0.8, 0.6]), np.array([True, False, False, True]), roles)
    assert held.threshold(Rule()) == pytest.approx(0.7)
    assert held.called(Rule()).tolist() == [True, False, True, False]
    assert held.reported().tolist() == [False, False, True, True]
    held.save(tmp_path / "deep" / "held.npy")
    again = load_held_out(tmp_path / "deep" / "held.npy")
    assert (again.chances.tolist(), again.duplicate.tolist()) == (
        held.chances.tolist(),
        held.duplicate.tolist(),
    )
    assert again.roles.tolist() == roles.tolist()


def test_a_precision_that_is_out_of_reach_is_said() -> None:
    roles = np.full(4, CHOOSING, np.uint8)
    held = HeldOut(np.array([0.9, 0.8, 0.7, 0.6]), np.array([False, True, True, False]), roles)
    assert held.lacking(read_rule("precision=0.9")).endswith("; the best is 0.667")
    assert held.lacking(read_rule("precision=0.6")) == ""
    assert held.lacking(Rule()) == ""


def test_other_files_are_no_held_out_probabilities(tmp_path: Path) -> None:
    np.save(tmp_path / "other.npy", np.zeros(3))
    for name in ("other.npy", "missing.npy"):
        with pytest.raises(ArtifactError, match="holds no held-out probabilities"):
            load_held_out(tmp_path / name)
