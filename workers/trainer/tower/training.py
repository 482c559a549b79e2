"""The training loop."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_model
from torch import Tensor, nn
from torch.nn import functional

from workers.trainer.tower import losses
from workers.trainer.tower.augment.views import Augmenter
from workers.trainer.tower.averaging import Average, learning_rate
from workers.trainer.tower.batches import Batches
from workers.trainer.tower.network import DIM, as_input, build, encode
from workers.trainer.tower.recipe import Recipe

REPORT_EVERY = 20
"""Steps between two progress lines."""


@dataclass
class TrainingSet:
    """What a run trains on.

    Attributes:
        pixels: uint8 (n, 3, SIDE, SIDE), all photos; may be memory-mapped.
        rows: positions of the training photos in it, ascending.
        clusters: int64 (len(rows),), near-duplicate cluster of each.
        products: int64 (len(rows),), product number or -1.
    """

    pixels: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.int64]
    clusters: Tensor
    products: Tensor
    groups: Tensor = field(init=False)

    def __post_init__(self) -> None:
        # One numbering for both: a product is a group, other photos group with their near-duplicates.
        offset = int(self.clusters.max()) + 1
        self.groups = torch.where(self.products >= 0, self.products + offset, self.clusters)

    def take(self, positions: Tensor) -> Tensor:
        """Read photos, uint8 (len(positions), 3, SIDE, SIDE)."""
        return torch.from_numpy(self.pixels[self.rows[positions.numpy()]])


class Trainer:
    """One run: holds the model, its average, the data order and the optimiser."""

    def __init__(self, recipe: Recipe, data: TrainingSet, start: Path | None = None) -> None:
        """Prepare a run from random weights, or from the unfinished weights of another run."""
        self.recipe, self.data = recipe, data
        self.model = build(recipe.seed)
        if start:
            load_model(self.model, str(start))
        self.visual = self.model.get_submodule("visual")
        self.average = Average(self.model, recipe.ema_decay)
        classes = int(data.products.max()) + 1
        self.prototypes = nn.Parameter(torch.randn(max(1, classes), DIM))
        self.augmenter = Augmenter(recipe.seed + 1)
        self.batches = Batches(data.groups, data.products, recipe.photos_per_step, recipe.seed + 2)
        decayed = [p for p in self.visual.parameters() if p.ndim > 1]
        plain = [p for p in self.visual.parameters() if p.ndim <= 1]
        # Norm weights and biases are not decayed: pulling them to zero only fights the normalisation.
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [*decayed, self.prototypes], "weight_decay": recipe.weight_decay},
                {"params": plain, "weight_decay": 0.0},
            ]
        )

    def run(
        self, report: Callable[[str], None], snapshot: Callable[[nn.Module], None] | None = None
    ) -> nn.Module:
        """Train for the recipe's steps.

        Args:
            report: receives a progress line every REPORT_EVERY steps.
            snapshot: receives the averaged model at every tenth of the run.

        Returns:
            The averaged model.
        """
        steps, started, recent = self.recipe.steps, time.monotonic(), 0.0
        last = min(steps, self.recipe.stop_after or steps)
        mining = {round(steps * (self.recipe.hard_from + k * self.recipe.mine_every)) for k in range(10)}
        self.model.train()
        for step in range(last):
            if step in mining and step:
                self._mine(step)
            loss = self.step(step)
            recent = loss if step == 0 else 0.95 * recent + 0.05 * loss
            if step % REPORT_EVERY == REPORT_EVERY - 1 or step == last - 1:
                report(self._progress(step, recent, time.monotonic() - started))
            if snapshot and step % max(1, steps // 10) == max(1, steps // 10) - 1:
                snapshot(self.average.model)
        return self.average.model

    def step(self, step: int) -> float:
        """Do one optimiser step and give its loss."""
        recipe, side = self.recipe, self.recipe.side_at(step)
        batch = self.batches.next(hard=step % 2 == 1)
        partners = self.batches.partners(batch, recipe.other_photo)
        views = torch.cat(
            [
                self.augmenter.plain(self.data.take(batch), side),
                self.augmenter.edited(self.data.take(partners), side),
            ]
        )
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(step, recipe.steps, recipe.learning_rate, recipe.warmup)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
            raw = self.visual(as_input(views))
        unit = functional.normalize(raw.float(), dim=1)
        first, second = unit.chunk(2)
        products = self.data.products[batch].repeat(2)
        loss = losses.contrastive(first, second, self.data.groups[batch], recipe.temperature)
        loss = loss + recipe.koleo_weight * 0.5 * (losses.koleo(first) + losses.koleo(second))
        loss = loss + recipe.product_weight * losses.product_loss(
            unit, self.prototypes, products, recipe.temperature
        )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*self.visual.parameters(), self.prototypes], recipe.clip_norm)
        self.optimiser.step()
        self.average.update(self.model)
        return float(loss.detach())

    def _mine(self, step: int) -> None:
        """Look for look-alikes with the averaged weights, at the present size of the views."""
        averaged = self.average.model.get_submodule("visual")
        self.batches.mine(encode(averaged, self.data.pixels[self.data.rows], self.recipe.side_at(step)))

    def _progress(self, step: int, loss: float, elapsed_s: float) -> str:
        """Describe where the run stands."""
        done = step + 1
        left_s = elapsed_s / done * (self.recipe.steps - done)
        views = 2 * self.recipe.photos_per_step * done / elapsed_s
        return (
            f"step {done}/{self.recipe.steps}  side {self.recipe.side_at(step)}  loss {loss:.3f}  "
            f"{views:.0f} views/s  {elapsed_s / 60:.1f} min done  about {left_s / 60:.1f} min left"
        )
