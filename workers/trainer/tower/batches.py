"""Which photos a step sees: an endless shuffled stream, and batches of look-alikes."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

NEIGHBOURS = 16
"""Look-alikes kept per photo; a hard batch takes three of them at random."""

PER_SEED = 4
"""Rows of a hard batch per seed photo: itself and three look-alikes."""


class Batches:
    """Draws batches of positions into the training photos.

    Attributes:
        groups: int64 (n,), same number for photos of one product or one near-duplicate cluster.
        products: int64 (n,), product number or -1.
    """

    def __init__(self, groups: Tensor, products: Tensor, size: int, seed: int) -> None:
        self.groups, self.products, self.size = groups, products, size
        self._generator = torch.Generator().manual_seed(seed)
        self._order = torch.empty(0, dtype=torch.int64)
        self._neighbours: Tensor | None = None
        self._members = {p: (products == p).nonzero().flatten() for p in set(products.tolist()) if p >= 0}

    def next(self, hard: bool) -> Tensor:
        """Give the next batch, int64 (size,); a hard one only once look-alikes are known."""
        if hard and self._neighbours is not None:
            seeds = self._take(self.size // PER_SEED)
            known = self._neighbours[seeds]
            picks = torch.rand(known.shape, generator=self._generator).argsort(1)[:, : PER_SEED - 1]
            return torch.cat([seeds[:, None], known.gather(1, picks)], 1).flatten()
        return self._take(self.size)

    def partners(self, batch: Tensor, probability: float) -> Tensor:
        """Give the photo for each row's second view: itself, or sometimes another of its product."""
        partners = batch.clone()
        swap = torch.rand(len(batch), generator=self._generator) < probability
        for row in (swap & (self.products[batch] >= 0)).nonzero().flatten().tolist():
            members = self._members[int(self.products[batch[row]])]
            partners[row] = members[torch.randint(len(members), (1,), generator=self._generator)]
        return partners

    def mine(self, embeddings: Tensor) -> None:
        """Find everyone's look-alikes of other groups.

        Args:
            embeddings: float32 (n, d), of all training photos in order; of any length, on any device.
        """
        unit = functional.normalize(embeddings, dim=1)
        groups = self.groups.to(unit.device)
        found = []
        for start in range(0, len(unit), 1024):
            scores = unit[start : start + 1024] @ unit.T
            same = groups[start : start + 1024, None] == groups[None, :]
            found.append(scores.masked_fill(same, -2.0).topk(min(NEIGHBOURS, len(unit)), dim=1).indices)
        self._neighbours = torch.cat(found).cpu()

    def state(self) -> dict[str, Tensor]:
        """Give what the next batches depend on."""
        known = {} if self._neighbours is None else {"neighbours": self._neighbours}
        return {"order": self._order, "generator": self._generator.get_state(), **known}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on where `state` was taken."""
        self._order, self._neighbours = state["order"], state.get("neighbours")
        self._generator.set_state(state["generator"])

    def _take(self, count: int) -> Tensor:
        """Take the next photos of the shuffled stream, reshuffling when it runs out."""
        while len(self._order) < count:
            shuffled = torch.randperm(len(self.groups), generator=self._generator)
            self._order = torch.cat([self._order, shuffled])
        taken, self._order = self._order[:count], self._order[count:]
        return taken
