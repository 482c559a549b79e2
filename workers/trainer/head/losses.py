"""What a head is trained with: of projections that share a label and of those that do not."""

from collections.abc import Callable
from typing import Final, Literal

import torch
from torch import Tensor
from torch.nn import functional

Loss = Literal["infonce", "triplet"]

TEMPERATURE: Final = 0.05
MARGIN: Final = 0.2


def batch_hard_triplet(projected: Tensor, groups: Tensor, margin: float = MARGIN) -> Tensor:
    """Margin by which the least similar of the own group beats the most similar of the others.

    Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", 2017, on cosines.

    Args:
        projected: float32 (n, d), unit length.
        groups: int64 (n,); every group has two rows at least.
        margin: difference of similarities that is enough.
    """
    scores, same, itself = _compared(projected, groups)
    worst = scores.masked_fill(~same | itself, 2).amin(1)
    nearest = scores.masked_fill(same, -2).amax(1)
    return functional.relu(nearest - worst + margin).mean()


def info_nce(projected: Tensor, groups: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Cross-entropy of each of the own group against the whole batch, mean over the group.

    Khosla et al., "Supervised Contrastive Learning", 2020, the loss L_out.

    Args:
        projected: float32 (n, d), unit length.
        groups: int64 (n,); every group has two rows at least.
        temperature: divisor of the similarities.
    """
    scores, same, itself = _compared(projected, groups)
    chances = functional.log_softmax((scores / temperature).masked_fill(itself, float("-inf")), 1)
    others = same & ~itself
    return -(chances.masked_fill(~others, 0).sum(1) / others.sum(1)).mean()


LOSSES: Final[dict[Loss, Callable[[Tensor, Tensor], Tensor]]] = {
    "infonce": info_nce,
    "triplet": batch_hard_triplet,
}


def _compared(projected: Tensor, groups: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    same = groups[:, None] == groups[None, :]
    return projected @ projected.T, same, torch.eye(len(groups), dtype=torch.bool)
