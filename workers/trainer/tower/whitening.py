"""The last touch on trained weights: whitening, hidden inside the projection."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from workers.trainer.tower.network import encode

POWER = -0.25
"""Exponent on the variances: -0.5 would be full whitening, which hurt retrieval; 0 would be none."""

RIDGE = 0.02
"""Added to every variance, as a share of their mean, so that directions of pure noise are not blown up."""


def half_whitening(embeddings: Tensor) -> tuple[Tensor, Tensor]:
    """Find the shift and the map that equalise the directions of a set of embeddings half-way.

    Args:
        embeddings: float32 (n, d), not normalised.

    Returns:
        mean, float32 (d,), and symmetric map, float32 (d, d): apply as `map @ (x - mean)`.
    """
    mean, directions, scales = whitening_directions(embeddings)
    return mean, directions * scales @ directions.T


def whitening_directions(embeddings: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the principal directions of a set of embeddings, weakest first, and how much to scale each.

    Args:
        embeddings: float32 (n, d), not normalised.

    Returns:
        mean, float32 (d,); directions, float32 (d, d), one per column; scales, float32 (d,).
    """
    values = embeddings.double()
    mean = values.mean(0)
    centred = values - mean
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(values))
    scales = (variances.clamp_min(0) + RIDGE * variances.mean()) ** POWER
    return mean.float(), directions.float(), scales.float()


@torch.no_grad()
def fold_whitening(
    visual: nn.Module,
    pixels: npt.NDArray[np.uint8],
    side: int,
    rows: npt.NDArray[np.int64] | None = None,
) -> None:
    """Whiten a tower's output by changing the weight and bias of its projection; in place.

    Args:
        visual: tower whose last layer is `head.proj`, linear with bias.
        pixels: uint8 (n, 3, SIDE, SIDE).
        side: size in pixels at which the tower will be used.
        rows: positions of the training photos; None: all.
    """
    embeddings = encode(visual, pixels, side, rows=rows)
    mean, change = half_whitening(embeddings)
    projection = visual.get_submodule("head.proj")
    weight, bias = projection.get_parameter("weight"), projection.get_parameter("bias")
    # Scaled so that an average output has unit length: only direction counts, and float16 is finest near 1.
    size = (embeddings - mean).matmul(change.T).norm(dim=1).mean()
    weight.copy_(change @ weight / size)
    bias.copy_(change @ (bias - mean) / size)
