"""Last touches on trained weights: batch statistics at the size of use, whitening inside the projection."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from workers.trainer.tower.network import as_input, encode

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
    values = embeddings.double()
    mean = values.mean(0)
    centred = values - mean
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(values))
    scales = (variances.clamp_min(0) + RIDGE * variances.mean()) ** POWER
    return mean.float(), (directions * scales @ directions.T).float()


@torch.no_grad()
def fold_whitening(visual: nn.Module, pixels: npt.NDArray[np.uint8], side: int) -> None:
    """Whiten a tower's output by changing the weight and bias of its projection; in place.

    Args:
        visual: tower whose last layer is `head.proj`, linear with bias.
        pixels: uint8 (n, 3, SIDE, SIDE), training photos.
        side: size in pixels at which the tower will be used.
    """
    mean, change = half_whitening(encode(visual, pixels, side))
    projection = visual.get_submodule("head.proj")
    weight, bias = projection.get_parameter("weight"), projection.get_parameter("bias")
    # Scaled so that an average output has unit length: only direction counts, and float16 is finest near 1.
    size = (encode(visual, pixels[:512], side) - mean).matmul(change.T).norm(dim=1).mean()
    weight.copy_(change @ weight / size)
    bias.copy_(change @ (bias - mean) / size)


@torch.no_grad()
def settle_statistics(visual: nn.Module, pixels: npt.NDArray[np.uint8], side: int, batch: int = 128) -> None:
    """Measure batch-norm statistics anew on unedited training photos at the size of use; in place.

    Training saw smaller views, whose features have other means and spreads.
    """
    for module in visual.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # a plain mean over all batches
    visual.train()
    order = np.random.default_rng(0).permutation(len(pixels))
    for start in range(0, len(order) - batch + 1, batch):
        run_once(visual, pixels[np.sort(order[start : start + batch])], side)
    visual.eval()


def run_once(visual: nn.Module, pixels: npt.NDArray[np.uint8], side: int) -> None:
    """Run photos through a tower in its present mode, for the sake of its statistics."""
    photos = torch.from_numpy(pixels).float().div_(255)
    if photos.shape[-1] != side:
        photos = nn.functional.interpolate(photos, side, mode="bilinear", align_corners=False, antialias=True)
    visual(as_input(photos))
