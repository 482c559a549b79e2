"""What a run trains on, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from workers.trainer.tower.device import CPU, Device


@dataclass(frozen=True)
class TrainingSet:
    """What a run trains on.

    Attributes:
        pixels: uint8 (n, 3, SIDE, SIDE), all photos; may be memory-mapped.
        rows: positions of the training photos in it.
        groups: int64 (len(rows),), same number for photos that are no negatives of each other.
        products: int64 (len(rows),), product number or -1.
        features: float32 (len(rows), d), what the published network sees in each (see `teacher`); None for a
            run that starts from other weights.
    """

    pixels: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.int64]
    groups: Tensor
    products: Tensor
    features: Tensor | None = None

    def take(self, positions: Tensor, device: Device = CPU) -> Tensor:
        """Read photos onto a device, uint8 (len(positions), 3, SIDE, SIDE)."""
        photos = torch.from_numpy(self.pixels[self.rows[positions.numpy()]])
        return photos.pin_memory().to(device.place, non_blocking=True) if device.fast else photos
