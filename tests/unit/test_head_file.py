"""A head as weights: identity, its file, what is refused."""

from pathlib import Path

import numpy as np
import pytest

from shared.errors import ArtifactError
from workers.encoder.head import Head

UNIT = np.array([[0.6, 0.8], [-1.0, 0.0]], np.float32)


def head(projection: list[list[float]]) -> Head:
    return Head(np.array(projection, np.float32))


def test_identity_changes_nothing() -> None:
    assert np.allclose(head([[1, 0], [0, 1]]).apply(UNIT), UNIT, atol=1e-7)


def test_projection_by_hand() -> None:
    """(0.6, 0.8) times rows (5, 0) and (0, 5) is (3, 4); a third column takes the sum of both."""
    expected = np.array([[3, 4, 7], [-5, 0, -5]]) / np.sqrt([[74], [50]])
    assert np.allclose(head([[5, 0, 5], [0, 5, 5]]).apply(UNIT), expected, atol=1e-7)


def test_vector_that_loses_its_direction_is_an_error() -> None:
    with pytest.raises(ArithmeticError, match="zero"):
        head([[0, 0], [0, 1]]).apply(UNIT)


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    saved = head([[1, 2], [3, 4]])
    named = saved.save(tmp_path / "new" / "head.safetensors")
    read = Head.load(tmp_path / "new" / "head.safetensors")
    assert (named.file, named.dim) == ("head.safetensors", 2)
    assert named.sha256 == read.sha256 == saved.sha256
    assert read.apply(UNIT).tobytes() == saved.apply(UNIT).tobytes()


def test_other_weights_have_another_digest() -> None:
    assert head([[1, 2], [3, 4]]).sha256 != head([[1, 2], [3, 5]]).sha256


@pytest.mark.parametrize("shape", [(3,), (0, 4), (2, 2, 2)])
def test_what_is_no_matrix_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArtifactError, match="not two dimensions"):
        Head(np.zeros(shape, np.float32))


def test_weights_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ArtifactError, match="not finite"):
        head([[float("nan"), 0], [0, 0]])
