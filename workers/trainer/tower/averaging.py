"""A running average of the weights, and the learning-rate schedule."""

import copy
import math

import torch
from torch import nn


class Average:
    """Exponential moving average of a model's weights and batch statistics; what ships."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move towards the model's present weights; faster at first, as early weights are worthless."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        present = model.state_dict()
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                value.lerp_(present[name], 1 - decay)
            else:
                value.copy_(present[name])


def learning_rate(step: int, steps: int, peak: float, warmup: float) -> float:
    """Give the learning rate at a step: a linear rise over the warm-up share, then a cosine to zero."""
    rising = max(1, round(steps * warmup))
    if step < rising:
        return peak * (step + 1) / rising
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))
