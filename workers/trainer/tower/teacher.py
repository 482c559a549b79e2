"""What the tower is told to see: the published network's embeddings of untouched photos, at its full size."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from workers.trainer.tower.cache import Decoded, squash
from workers.trainer.tower.device import CPU, Device
from workers.trainer.tower.network import DIM, as_input, build
from workers.trainer.tower.photos import Photo
from workers.trainer.tower.whitening import whitening_directions

SIDE: Final = 224
"""Side in pixels at which the published network was trained."""


def load_features(decoded: Decoded, folder: Path, device: Device, report: Callable[[str], None]) -> Tensor:
    """Open the cached features of these photos, computing them first where they are missing.

    Args:
        decoded: photos that can be read; the file is named after their pixels.
        folder: where the file lies; 5 kB per photo.
        device: where to compute.
        report: receives progress lines.

    Returns:
        float32 (n, 1280), on the CPU.
    """
    file = folder / f"features-{decoded.digest[:16]}.safetensors"
    if not file.exists():
        partial = file.with_suffix(".partial")
        save_file({"features": features(decoded.photos, device, report)}, partial)
        partial.rename(file)
    values: Tensor = load_file(file)["features"]
    return values


@torch.inference_mode()
def features(
    photos: Sequence[Photo],
    device: Device = CPU,
    report: Callable[[str], None] = lambda _line: None,
    batch: int = 64,
) -> Tensor:
    """Run the published network, without its classifier, over untouched photos.

    Returns:
        float32 (n, 1280), on the CPU.
    """
    trunk = build(0, published=True).eval().get_submodule("visual.trunk").to(device.place)
    parts = []
    for start in range(0, len(photos), batch):
        if start % (16 * batch) == 0:
            report(f"looked at {start} of {len(photos)} photos with the published network")
        pixels = []
        for photo in photos[start : start + batch]:
            with Image.open(photo.path) as image:
                pixels.append(squash(image, SIDE))
        views = torch.from_numpy(np.stack(pixels)).to(device.place).float().div_(255)
        parts.append(trunk(as_input(views)).float().cpu())
    return torch.cat(parts)


def reduction(values: Tensor) -> tuple[Tensor, Tensor]:
    """Find the shift and the map that keep the DIM strongest directions, half whitened.

    Args:
        values: float32 (n, d), d at least DIM.

    Returns:
        mean, float32 (d,), and map, float32 (DIM, d): apply as `map @ (x - mean)`.
    """
    mean, directions, scales = whitening_directions(values)
    return mean, (directions * scales).T[-DIM:].contiguous()


def targets(values: Tensor) -> Tensor:
    """Reduce features to what the tower is to output, float32 (n, DIM), unit length."""
    mean, change = reduction(values)
    return functional.normalize((values - mean) @ change.T, dim=1)


@torch.no_grad()
def start_projection(visual: nn.Module, values: Tensor) -> None:
    """Let the tower's projection begin as the reduction of the published features; in place."""
    mean, change = reduction(values)
    projection = visual.get_submodule("head.proj")
    projection.get_parameter("weight").copy_(change)
    projection.get_parameter("bias").copy_(-(change @ mean))
