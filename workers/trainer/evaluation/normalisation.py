"""Scores made comparable between photos that look like many others and photos that look like none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Background:
    """What scores are normalised with.

    Attributes:
        vectors: (m, d), unit length.
        names: keys of the photos, in the same order.
    """

    vectors: Vectors
    names: Sequence[str]

    def others(self, keys: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Say for each photo (n,) which of the background (m,) are other photos than itself, (n, m)."""
        others: npt.NDArray[np.bool_] = np.asarray(keys)[:, None] != np.asarray(self.names)[None, :]
        return others


def normalised_scores(
    vectors: Vectors, keys: Sequence[str], background: Background, setting: tuple[float, int]
) -> Vectors:
    """Score photos against each other, (n, n); a photo that is in the background does not count for itself.

    Args:
        vectors: (n, d), unit length.
        keys: of the photos.
        background: what to normalise with.
        setting: beta and neighbours.
    """
    beta, neighbours = setting
    near = np.where(background.others(keys), vectors @ background.vectors.T, np.float32(-1))
    bias = _mean_of_nearest(near, neighbours)
    return normalise(vectors @ vectors.T, bias, bias, beta)


def background_bias(vectors: Vectors, background: Vectors, neighbours: int) -> Vectors:
    """Measure how close photos come to photos that have nothing to do with them.

    Args:
        vectors: (n, d), unit length.
        background: (m, d), unit length.
        neighbours: how many of the nearest background photos count, 1 to m.

    Returns:
        (n,), the mean similarity to those.
    """
    return _mean_of_nearest(vectors @ background.T, neighbours)


def _mean_of_nearest(scores: Vectors, neighbours: int) -> Vectors:
    nearest = np.partition(scores, scores.shape[1] - neighbours, axis=1)[:, -neighbours:]
    means: Vectors = nearest.mean(1)
    return means


def normalise(scores: Vectors, left: Vectors, right: Vectors, beta: float) -> Vectors:
    """Subtract from each score the bias of both photos: s(a, b) - beta (bias(a) + bias(b)) / 2.

    After Pizzi et al. 2022 (SSCD, arXiv:2202.10261), who subtract the query's bias; in a catalog either photo
    of a pair may be the query, so both count here, and the score stays symmetric.

    Args:
        scores: (n, m).
        left: (n,), bias of the rows' photos.
        right: (m,), bias of the columns' photos.
        beta: strength, 0 leaves the scores as they are.
    """
    normalised: Vectors = scores - np.float32(beta / 2) * (left[:, None] + right[None, :])
    return normalised
