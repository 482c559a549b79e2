"""Scores made comparable between photos that look like many others and photos that look like none."""

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


def background_bias(vectors: Vectors, background: Vectors, neighbours: int) -> Vectors:
    """Measure how close photos come to photos that have nothing to do with them.

    Args:
        vectors: (n, d), unit length.
        background: (m, d), unit length.
        neighbours: how many of the nearest background photos count, 1 to m.

    Returns:
        (n,), the mean similarity to those.
    """
    scores = vectors @ background.T
    nearest = np.partition(scores, len(background) - neighbours, axis=1)[:, -neighbours:]
    bias: Vectors = nearest.mean(1)
    return bias


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
