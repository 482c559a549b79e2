"""Figures of the evaluation against counting by hand."""

import random

import numpy as np
import pytest

from workers.trainer.evaluation.edit_run import SINGLES, answer, measure
from workers.trainer.evaluation.edits import EDITS
from workers.trainer.evaluation.metrics import (
    Answers,
    best_threshold,
    decide,
    decision_f1,
    fold_thresholds,
    hit_at_1,
    hit_at_1_of_scores,
    look_up,
    strict_threshold,
)
from workers.trainer.evaluation.normalisation import Background, background_bias, normalise, normalised_scores
from workers.trainer.evaluation.normalised_run import measure_normalised


def some_answers(shape: tuple[int, ...], seed: int = 0) -> Answers:
    """Answers with scores of one decimal, so that there are ties."""
    dice = np.random.default_rng(seed)
    own, other = dice.uniform(0, 1, shape).round(1), dice.uniform(-0.4, 0.8, shape).round(1)
    first = np.where(own > other, 1.0, np.where(own == other, 0.5, 0.0))
    return Answers(own, other, 1 - first, first)


def test_look_up_counts_better_photos_and_shares_ties() -> None:
    scores = np.array([[0.9, 0.5, 0.1], [0.5, 0.5, 0.1], [0.9, 0.8, 0.8], [0.3, 0.3, 0.3]], dtype=np.float32)
    found = look_up(scores, np.array([0, 0, 2, 1]))
    assert found.before.tolist() == [0, 0.5, 1.5, 1]
    assert found.first.tolist() == pytest.approx([1, 1 / 2, 0, 1 / 3])
    assert found.own.tolist() == pytest.approx([0.9, 0.5, 0.8, 0.3])
    assert found.other.tolist() == pytest.approx([0.5, 0.5, 0.9, 0.3])


def test_decision_f1_agrees_with_counting_by_hand() -> None:
    # Own photos: found at 0.9, found at 0.4 (too low), beaten by 0.7. Strangers: 0.2, 0.1 and 0.7.
    answers = Answers(*np.array([[0.9, 0.4, 0.6], [0.2, 0.1, 0.7], [0, 0, 1], [1, 1, 0]]))
    right, wrong = decide(answers, 0.5)
    assert right.tolist() == [1, 0, 0]
    assert wrong.tolist() == [0, 0, 2]
    # tp 1, fp 2, fn 2
    assert decision_f1(answers, 0.5) == pytest.approx(2 * 1 / (2 * 1 + 2 + 2))
    assert decision_f1(answers, 0.8) == pytest.approx(2 * 1 / (2 * 1 + 0 + 2))
    assert decision_f1(answers, 2) == 0


@pytest.mark.parametrize("seed", range(5))
def test_best_threshold_is_the_best_of_all(seed: int) -> None:
    answers = some_answers((40,), seed)
    every = np.unique([answers.own, answers.other])
    best = max(decision_f1(answers, threshold) for threshold in every)
    assert 0 < best < 1
    assert decision_f1(answers, best_threshold(answers)) == pytest.approx(best)


def test_strict_threshold_lets_no_more_strangers_in_than_allowed() -> None:
    answers = some_answers((100,))
    for rate in (0.01, 0.1, 0.3):
        threshold = strict_threshold(answers, rate)
        assert (answers.other >= threshold).mean() <= rate
        lower = np.unique(answers.other)[np.unique(answers.other) < threshold].max()
        assert (answers.other >= lower).mean() > rate


def test_thresholds_are_chosen_on_the_other_half() -> None:
    own = np.array([[0.1, 0.2], [10, 20], [0.3, 0.4], [30, 40]])
    answers = Answers(own, own, own, own)
    thresholds = fold_thresholds(answers, lambda part: float(part.own.sum()))
    assert thresholds.ravel().tolist() == pytest.approx([100, 1, 100, 1])


def test_measure_uses_one_threshold_for_all_edits_and_leaves_collages_out() -> None:
    answers = some_answers((30, len(EDITS)))
    rows = measure(answers)
    singles = answers.columns(SINGLES)
    assert len(SINGLES) == len(EDITS) - 1
    thresholds = fold_thresholds(singles, best_threshold)
    assert rows["overall"].decision_f1 == pytest.approx(decision_f1(singles, thresholds), abs=1e-4)
    assert rows["flip"].decision_f1 == pytest.approx(
        decision_f1(answers.columns([list(EDITS).index("flip")]), thresholds), abs=1e-4
    )
    assert rows["overall"].r1 == pytest.approx(singles.first.mean(), abs=1e-4)
    changed = Answers(answers.own.copy(), answers.other, answers.before, answers.first)
    changed.own[:, list(EDITS).index("collage")] += 5
    assert measure(changed)["overall"] == rows["overall"]
    assert measure(changed)["collage"] != rows["collage"]


def test_perfect_scores_give_perfect_figures() -> None:
    known = np.eye(6, dtype=np.float32)
    edited = np.repeat(known[:4, None], len(EDITS), axis=1)
    overall = measure(answer(edited, known, range(4)))["overall"]
    assert (overall.r1, overall.r5, overall.decision_f1, overall.recall_fpr1, overall.fpr) == (1, 1, 1, 1, 0)


def test_background_bias_is_the_mean_of_the_nearest() -> None:
    background = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    vectors = np.array([[1, 0], [0, -1]], dtype=np.float32)
    assert background_bias(vectors, background, 1).tolist() == pytest.approx([1, 0])
    assert background_bias(vectors, background, 2).tolist() == pytest.approx([0.8, -0.4])
    assert background_bias(vectors, background, 3).tolist() == pytest.approx([1.6 / 3, -0.6])


def test_normalised_scores_put_a_photo_like_all_others_behind() -> None:
    scores = np.array([[0.8, 0.7]], dtype=np.float32)
    left, right = np.array([0.5], dtype=np.float32), np.array([0.6, 0.1], dtype=np.float32)
    assert normalise(scores, left, right, 0) == pytest.approx(scores)
    found = normalise(scores, left, right, 1)
    assert found.shape == scores.shape
    assert found.ravel().tolist() == pytest.approx([0.8 - 0.55, 0.7 - 0.3])
    assert normalise(scores.T, right, left, 1) == pytest.approx(found.T)


def test_a_photo_of_the_background_does_not_count_for_itself() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    background = Background(vectors[:2], ["a", "b"])
    scores = normalised_scores(vectors, ["a", "b", "c"], background, (1.0, 1))
    # The first two are at right angles to all of the background but themselves, the third is at .8 to it.
    assert scores == pytest.approx(np.array([[1, 0, 0.2], [0, 1, 0.4], [0.2, 0.4, 0.2]]), abs=1e-6)


def test_normalisation_helps_where_one_photo_is_near_everything() -> None:
    hub, *own = np.eye(6, dtype=np.float32)
    known = np.stack([hub, *(0.5 * hub + 0.75**0.5 * direction for direction in own)])
    # At 0.9 the first photo is closer to each query than its own one at 0.83.
    queries = np.stack([0.9 * hub + 0.19**0.5 * direction for direction in own])
    edited = np.repeat(queries[:, None], len(EDITS), axis=1)
    background = np.repeat(hub[None], 50, axis=0)
    plain, adjusted = measure_normalised(edited, known, background, range(1, 6), [(0.0, 3), (1.0, 300)])
    assert (plain["r1"], plain["r5"]) == (0, 1)
    assert (adjusted["r1"], adjusted["neighbours"]) == (1, 50)


def test_hit_at_1_agrees_with_counting() -> None:
    dice = np.random.default_rng(1)
    vectors = dice.normal(size=(60, 8)) * dice.uniform(0.5, 2, (60, 1))
    ids = [str(random.Random(n).randrange(12)) for n in range(60)]
    some = list(range(0, 60, 3))
    hits: dict[int, bool] = {}
    for row in range(60):
        if ids.count(ids[row]) < 2:
            continue
        cosine = vectors @ vectors[row] / np.linalg.norm(vectors, axis=1)
        cosine[row] = -np.inf
        hits[row] = ids[int(cosine.argmax())] == ids[row]
    assert hit_at_1(vectors, ids) == pytest.approx(np.mean(list(hits.values())))
    assert hit_at_1(vectors, ids, some) == pytest.approx(np.mean([hits[row] for row in some if row in hits]))


def test_hit_at_1_shares_ties_and_leaves_single_photos_out() -> None:
    scores = np.array([[1, 0.5, 0.5], [0.5, 1, 0.1], [0.5, 0.1, 1]], dtype=np.float32)
    assert hit_at_1_of_scores(scores, ["a", "a", "b"]) == pytest.approx((0.5 + 1) / 2)
    assert hit_at_1_of_scores(scores, ["a", "a", "b"], [0, 2]) == 0.5
