"""The first layer of a vision transformer as a product of matrices, which a CPU is faster at.

It is a convolution whose windows do not overlap: each patch of a picture, as one row, times the weights. At
ViT-B/32 that takes two thirds of the convolution's time in OpenVINO, 2 % of the tower's.
"""

from typing import Any

import torch
from open_clip.transformer import VisionTransformer
from torch import nn


class _Patches(nn.Module):
    """A convolution whose stride is its kernel's size, without padding or bias."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self._height, self._width = convolution.kernel_size
        self._weights = nn.Parameter(convolution.weight.detach().flatten(1).contiguous(), requires_grad=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return pictures (n, channels, height, width) as embedded patches (n, dim, rows, columns)."""
        count, channels, height, width = pictures.shape
        rows, columns = height // self._height, width // self._width
        whole = pictures[..., : rows * self._height, : columns * self._width]
        cut = whole.reshape(count, channels, rows, self._height, columns, self._width)
        patches = cut.permute(0, 2, 4, 1, 3, 5).reshape(count, rows * columns, -1)
        embedded = nn.functional.linear(patches, self._weights)
        return embedded.transpose(1, 2).reshape(count, -1, rows, columns)


def cut_into_patches(tower: Any) -> None:  # noqa: ANN401 - open_clip has no types
    """Change a vision transformer so that its first layer is a product of matrices.

    Vectors stay the same within rounding; names of weights change.
    """
    first = getattr(tower, "conv1", None)
    if not isinstance(tower, VisionTransformer) or not isinstance(first, nn.Conv2d):
        return
    plain = first.bias is None and first.groups == 1 and tuple(first.dilation) == (1, 1)
    if plain and first.stride == first.kernel_size and tuple(first.padding) == (0, 0):
        tower.conv1 = _Patches(first)
