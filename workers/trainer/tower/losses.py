"""The terms of the training loss."""

import torch
from torch import Tensor
from torch.nn import functional


def contrastive(first: Tensor, second: Tensor, groups: Tensor, temperature: float) -> Tensor:
    """NT-Xent over both views of a batch, with photos of the same group left out as negatives.

    Args:
        first: float32 (n, d), unit length, embeddings of the first views.
        second: float32 (n, d), of the second views of the same rows.
        groups: int64 (n,); rows that share a number show the same product or nearly the same picture.
        temperature: divisor of the similarities.
    """
    count = len(first)
    both = torch.cat([first, second])
    scores = both @ both.T / temperature
    numbers = torch.cat([groups, groups])
    target = torch.arange(2 * count, device=first.device).roll(count)
    left_out = numbers[:, None] == numbers[None, :]
    left_out[torch.arange(2 * count, device=first.device), target] = False
    return functional.cross_entropy(scores.masked_fill(left_out, float("-inf")), target)


def koleo(embeddings: Tensor) -> Tensor:
    """Kozachenko-Leonenko term: large where an embedding lies close to its nearest neighbour in the batch.

    Args:
        embeddings: float32 (n, d), unit length.
    """
    scores = embeddings @ embeddings.T
    nearest = scores.detach().fill_diagonal_(-2).argmax(1)
    # Not `embeddings[nearest]`: threads sum up its gradient in any order, and then one seed gives different
    # weights each time.
    distance = (embeddings - embeddings.index_select(0, nearest)).pow(2).sum(1).add(1e-6).sqrt()
    return -distance.log().mean()


def distance(embeddings: Tensor, targets: Tensor) -> Tensor:
    """Mean cosine distance of embeddings to their targets; both float32 (n, d), unit length."""
    return 1 - (embeddings * targets).sum(1).mean()


def product_loss(embeddings: Tensor, prototypes: Tensor, products: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of the labelled rows over one prototype per product.

    Args:
        embeddings: float32 (n, d), unit length.
        prototypes: float32 (p, d), of any length.
        products: int64 (n,), -1 where a photo has no product.
        temperature: divisor of the similarities.

    Returns:
        The mean over labelled rows, 0 where there is none.
    """
    rows = (products >= 0).nonzero().flatten()
    if not len(rows):
        return embeddings.sum() * 0
    scores = embeddings[rows] @ functional.normalize(prototypes, dim=1).T / temperature
    return functional.cross_entropy(scores, products[rows])
