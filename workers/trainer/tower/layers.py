"""Which weights are trained, and how."""

from typing import Any

from torch import nn


def frozen_parts(visual: nn.Module, stages: int) -> list[nn.Module]:
    """Fix the first layers and stages of the backbone; 0 fixes none.

    Returns:
        The fixed modules, which must also keep their batch statistics.
    """
    if not stages:
        return []
    blocks = list(visual.get_submodule("trunk.blocks").children())
    parts = [visual.get_submodule("trunk.conv_stem"), visual.get_submodule("trunk.bn1"), *blocks[:stages]]
    for part in parts:
        part.requires_grad_(False)
    return parts


def weight_groups(part: nn.Module, decay: float, share: float) -> list[dict[str, Any]]:
    """Sort a part's trainable weights for the optimiser, with its share of the learning rate.

    Norm weights and biases are not decayed: pulling them to zero only fights the normalisation.
    """
    weights = [p for p in part.parameters() if p.requires_grad]
    return [
        {"params": [p for p in weights if p.ndim > 1], "weight_decay": decay, "share": share},
        {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0, "share": share},
    ]
