"""The one source of randomness of the augmentation."""

import torch
from torch import Tensor

CPU = torch.device("cpu")


class Dice:
    """Draws per-image numbers from a seeded generator, on the device where the views are made.

    Attributes:
        device: where the numbers are, and the views are to be.
    """

    def __init__(self, seed: int, device: torch.device = CPU) -> None:
        self.device = device
        self.generator = torch.Generator(device).manual_seed(seed)

    def uniform(self, count: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draw float32 (count,) uniformly from [low, high)."""
        return torch.rand(count, generator=self.generator, device=self.device) * (high - low) + low

    def chance(self, count: int, probability: float) -> Tensor:
        """Draw bool (count,), each true with the probability."""
        return torch.rand(count, generator=self.generator, device=self.device) < probability

    def some(self, count: int, probability: float) -> Tensor:
        """Choose positions (int64, any number of them) out of count, each with the probability."""
        return self.chance(count, probability).nonzero().flatten()

    def integers(self, count: int, high: int) -> Tensor:
        """Draw int64 (count,) from 0 to high - 1."""
        return torch.randint(high, (count,), generator=self.generator, device=self.device)

    def signs(self, count: int) -> Tensor:
        """Draw float32 (count,) of -1 or 1."""
        return self.integers(count, 2).float() * 2 - 1

    def colours(self, count: int) -> Tensor:
        """Draw float32 (count, 3, 1, 1): white, black, grey or any colour, as shops use them."""
        colour = torch.rand(count, 3, generator=self.generator, device=self.device)
        kind = self.uniform(count)
        colour[kind < 0.65] = colour[kind < 0.65].mean(1, keepdim=True)
        colour[kind < 0.50] = 1.0
        colour[kind < 0.18] = 0.0
        return colour[:, :, None, None]
