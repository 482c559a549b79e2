"""A picture as an open_clip tower takes it: brought to size as bytes, made floats by the batch.

Torch resizes bytes in a quarter of Pillow's time, and what waits for the tower is a quarter of its size in
floats. Of the pixels that open_clip's own transform makes, one in two hundred differs by a level or two
(docs/decisions/0017-cpu-runtime.md).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torchvision.transforms import Resize

# Elsewhere torch is the slower one.
_BY_TORCH: Final = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")


class Preprocessing:
    """The transform of open_clip for `cfg`, in two parts."""

    def __init__(self, cfg: PreprocessCfg, device: torch.device) -> None:
        # The last two make floats of bytes, and normalise them.
        self._steps = image_transform_v2(cfg, is_train=False).transforms[:-2]
        mean, std = (torch.tensor(x, device=device).reshape(1, 3, 1, 1) for x in (cfg.mean, cfg.std))
        self._scale, self._bias = 1 / (255 * std), -mean / std
        self._device = device

    def pixels(self, picture: Image.Image) -> torch.Tensor:
        """Return an RGB picture in the tower's size, uint8, shape (3, height, width)."""
        first, *rest = self._steps
        # The few towers that have pictures padded, or are not square, have a step of open_clip's own.
        by_torch = _BY_TORCH and isinstance(first, Resize)
        made: Any = _resized(picture, first) if by_torch else _tensor(first(picture))
        for step in rest:
            made = step(made)
        pixels: torch.Tensor = made.contiguous()
        return pixels

    def floats(self, batch: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return what `pixels` made, normalised, on the device, float32, shape (n, 3, height, width)."""
        pixels = torch.stack(list(batch))
        if self._device.type == "cuda":
            pixels = pixels.pin_memory().to(self._device, non_blocking=True)
        return pixels.to(torch.float32).mul_(self._scale).add_(self._bias)


def _tensor(picture: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def _resized(picture: Image.Image, step: Resize) -> torch.Tensor:
    """Resize as Pillow does, rows and columns one after the other, with bytes in between."""
    height, width = _size(step.size, picture.height, picture.width)
    pixels = _tensor(picture)[None]
    # Which comes first is seen in the result where there are hard edges: the order is Pillow's.
    if picture.height - height > max(0, 2 * (picture.width - width)):
        pixels = _interpolated(pixels, height, picture.width, step)
    return _interpolated(pixels, height, width, step)[0]


def _interpolated(pixels: torch.Tensor, height: int, width: int, step: Resize) -> torch.Tensor:
    mode = step.interpolation.value
    return torch.nn.functional.interpolate(pixels, size=(height, width), mode=mode, antialias=True)


def _size(wanted: int | Sequence[int], height: int, width: int) -> tuple[int, int]:
    """Return height and width: those that are wanted, or in proportion, the shorter side being `wanted`."""
    if not isinstance(wanted, int):
        return wanted[0], wanted[1]
    if width <= height:
        return int(wanted * height / width), wanted
    return wanted, int(wanted * width / height)
