"""Half precision where it is faster, full precision where it is not or does not hold."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray


def is_half(device: torch.device, precision: Literal["auto", "full"]) -> bool:
    """Say whether a model of that precision runs in float16."""
    return device.type == "cuda" and precision == "auto"


def run_model(
    device: torch.device, precision: Literal["auto", "full"], forward: Callable[[], torch.Tensor]
) -> NDArray[Any]:
    """Return `forward()` as float32, shape unchanged; made in float16 where `is_half`, unless that overflows.

    float16 and not bfloat16: its longer mantissa keeps vectors of a GPU and of a CPU comparable.
    """
    with torch.inference_mode():
        if is_half(device, precision):
            with torch.autocast("cuda", dtype=torch.float16):
                fast = forward().float().cpu().numpy()
            if np.isfinite(fast).all():
                return fast
        return forward().float().cpu().numpy()
