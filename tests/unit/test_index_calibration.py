"""Fitting: monotone, deterministic, and what the artifact says."""

import numpy as np
import pytest

from shared.messages import Listing
from workers.index.features import CONTINUOUS, names_of
from workers.trainer.calibration.corpus import Corpus
from workers.trainer.calibration.fit import fit_regression
from workers.trainer.calibration.merged import merged
from workers.trainer.calibration.metrics import (
    best_threshold,
    calibration_error,
    figures,
    settled_threshold,
)
from workers.trainer.embedding import Embeddings

N = 600


def examples() -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose label follows similarity, except that identical photos are variants' photos."""
    rng = np.random.default_rng(5)
    names = names_of("image_only", "alone")
    features = np.zeros((N, len(names)))
    similarity = rng.random(N)
    labels = similarity + rng.normal(scale=0.1, size=N) > 0.6
    similarity[-60:], labels[-60:] = 1.0, False
    features[:, names.index("image_sim")] = similarity
    features[:, names.index("price_gap")] = np.where(labels, 0.05, rng.random(N))
    features[:, names.index("brand_conflict")] = ~labels & (rng.random(N) < 0.3)
    return features, labels


def test_more_similarity_never_lowers_the_probability() -> None:
    features, labels = examples()
    fitted = fit_regression(names_of("image_only", "alone"), features, labels, 30.0, conflicts_speak=True)
    for i, term in enumerate(fitted.terms):
        line = np.linspace(0, 1, 101)
        steps = np.diff(term.apply(line))
        if term.name == "image_sim":
            assert (steps >= -1e-9).all()
            assert steps.sum() > 1
        if term.name in ("price_gap", "brand_conflict"):
            assert (steps <= 1e-9).all(), i
    assert (
        fit_regression(names_of("image_only", "alone"), features, labels, 30.0, conflicts_speak=True)
        == fitted
    )


def test_probabilities_are_calibrated_on_what_was_fitted() -> None:
    features, labels = examples()
    chances = fit_regression(
        names_of("image_only", "alone"), features, labels, 30.0, conflicts_speak=True
    ).probabilities(features)
    assert abs(chances.mean() - labels.mean()) < 0.01
    assert calibration_error(chances, labels) < 0.08


def test_flags_get_no_knots() -> None:
    features, labels = examples()
    for term in fit_regression(
        names_of("image_only", "alone"), features, labels, 30.0, conflicts_speak=False
    ).terms:
        assert len(term.slopes) == len(term.knots) + 1
        assert not term.knots or term.name in CONTINUOUS


@pytest.mark.parametrize(("tolerance", "expected"), [(0.0, 0.25), (0.2, 0.65)])
def test_threshold_lies_between_two_probabilities(tolerance: float, expected: float) -> None:
    chances = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1])
    labels = np.array([1, 1, 1, 0, 1, 1, 0, 0], bool)
    assert best_threshold(chances, labels, tolerance) == expected


def test_equal_probabilities_are_never_divided() -> None:
    assert best_threshold(np.array([0.5, 0.5, 0.1]), np.array([True, False, False])) == pytest.approx(0.3)


def test_figures_of_a_perfect_classifier() -> None:
    found = figures(np.array([0.9, 0.8, 0.1]), np.array([True, True, False]), 0.5)
    assert (found["precision"], found["recall"], found["f1"], found["roc_auc"]) == (1.0, 1.0, 1.0, 1.0)


def test_settled_threshold_lies_in_the_middle_of_what_is_as_good() -> None:
    chances = np.array([0.95, 0.9, 0.8, 0.5, 0.3, 0.1])
    labels = np.array([True, True, True, False, False, False])
    assert settled_threshold(chances, labels) == 0.8
    assert settled_threshold(chances, labels, tolerance=0.15) == pytest.approx((0.8 + 0.5) / 2)


def test_settled_threshold_never_parts_equal_probabilities() -> None:
    assert settled_threshold(np.array([0.6, 0.6, 0.2]), np.array([True, False, False])) == 0.6


def test_merged_corpora_keep_products_apart_that_have_one_name() -> None:
    parts = [
        Corpus(seed, (Listing(id=f"{seed}-1", title="mug"),),
               Embeddings({"text": ("m", 2)}, {"image": {}, "text": {f"{seed}-1": b"1234"}}),
               {f"{seed}-1": "p1"}, {}, frozenset(), None)
        for seed in (1, 2)
    ]  # fmt: skip
    joined = merged(parts)
    assert not joined.same_product("1-1", "2-1")
    assert set(joined.embeddings.vectors["text"]) == {"1-1", "2-1"}
    assert joined.kind == "merged"
