"""Score normalisation: what it takes off, that it is the same in every batch, and what it refuses."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from shared.errors import ArtifactError
from workers.index.background import NEAR, WEIGHT, Background, load_background, normalised


def units(count: int, dim: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_bias_is_the_mean_cosine_of_the_nearest() -> None:
    background, asked = units(50, 16, 1), units(4, 16, 2)
    expected = np.sort(asked.astype(np.float64) @ background.T.astype(np.float64), axis=1)[:, -NEAR:].mean(1)
    assert np.allclose(Background(background).biases(asked), expected, atol=1e-6)


def test_a_background_smaller_than_the_neighbourhood_counts_as_a_whole() -> None:
    background, asked = units(NEAR - 2, 8, 1), units(1, 8, 2)
    assert Background(background).biases(asked)[0] == pytest.approx(
        float((asked @ background.T).mean()), abs=1e-6
    )


def test_bias_does_not_depend_on_the_batch() -> None:
    background, asked = Background(units(300, 64, 1)), units(1500, 64, 2)
    together = background.biases(asked)
    assert together.tolist() == [float(background.biases(row[None])[0]) for row in asked]
    assert len(background.biases(asked[:0])) == 0


def test_what_everything_resembles_loses_more() -> None:
    background = Background(np.eye(4, dtype=np.float32)[[0] * 10])
    common, rare = background.biases(np.eye(4, dtype=np.float32)[:2])
    assert (common, rare) == (1.0, 0.0)
    sims = normalised(np.array([1.0, 1.0, 1.0]), np.array([1, 1, 0.0]), np.array([1, 0, 0.0]))
    assert sims.tolist() == [1 - WEIGHT, 1 - WEIGHT / 2, 1.0]


def test_only_the_background_of_the_classifier_is_read(tmp_path: Path) -> None:
    file = tmp_path / "background.npy"
    np.save(file, units(20, 8, 1).astype(np.float16))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert len(load_background(file, digest, 8).biases(units(3, 8, 2))) == 3
    with pytest.raises(ArtifactError, match="calibrate anew"):
        load_background(file, "0" * 64, 8)
    with pytest.raises(ArtifactError, match=r"expected \(photos, 9\)"):
        load_background(file, digest, 9)
    with pytest.raises(ArtifactError, match="not a background"):
        load_background(tmp_path / "missing.npy", digest, 8)


def test_pickles_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "background.npy"
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ArtifactError, match="not a background"):
        load_background(file, hashlib.sha256(file.read_bytes()).hexdigest(), 8)
