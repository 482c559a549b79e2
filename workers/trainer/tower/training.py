"""The training loop."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_model
from torch import Tensor, nn
from torch.nn import functional

from workers.trainer.tower import losses, teacher
from workers.trainer.tower.augment.views import Augmenter
from workers.trainer.tower.averaging import Average, learning_rate
from workers.trainer.tower.batches import Batches
from workers.trainer.tower.device import CPU, Device
from workers.trainer.tower.layers import frozen_parts, weight_groups
from workers.trainer.tower.network import DIM, as_input, build, encode
from workers.trainer.tower.recipe import Recipe
from workers.trainer.tower.training_set import TrainingSet

REPORT_EVERY: Final = 20
"""Steps between two progress lines; the first and the last step have one, too."""

KEEP_EVERY_S: Final = 300.0
"""Seconds between two checkpoints: what a crash costs at most."""


class Trainer:
    """One run: holds the model, its average, the data order and the optimiser.

    Attributes:
        done: steps done.
        seconds: time that they took.
        recent: smoothed loss.
    """

    def __init__(
        self, recipe: Recipe, data: TrainingSet, device: Device = CPU, start: Path | None = None
    ) -> None:
        """Prepare a run.

        Args:
            recipe: its settings.
            data: what it trains on.
            device: where it computes; random numbers of weights and data order are the CPU's on any.
            start: weights file of a tower to begin with, instead of what the recipe names.
        """
        self.recipe, self.data, self.device = recipe, data, device
        self.done, self.seconds, self.recent = 0, 0.0, 0.0
        self.model = build(recipe.seed, published=recipe.start == "published")
        if start:
            load_model(self.model, str(start))
        self.visual = self.model.get_submodule("visual")
        classes = max(1, int(data.products.max()) + 1)
        self.prototypes = nn.Parameter(torch.randn(classes, DIM).to(device.place))
        self.augmenter = Augmenter(recipe.seed + 1, device.place)
        self.batches = Batches(data.groups, data.products, recipe.photos_per_step, recipe.seed + 2)
        self.targets: Tensor | None = None
        if data.features is not None:
            self.targets = teacher.targets(data.features).to(device.place)
            teacher.start_projection(self.visual, data.features)
        self.model.to(device.place)
        self.average = Average(self.model, recipe.ema_decay)
        self.frozen = frozen_parts(self.visual, recipe.frozen_stages)
        self.optimiser = torch.optim.AdamW(
            [
                *weight_groups(self.visual.get_submodule("trunk"), recipe.weight_decay, recipe.backbone_rate),
                *weight_groups(self.visual.get_submodule("head"), recipe.weight_decay, 1.0),
                {"params": [self.prototypes], "weight_decay": recipe.weight_decay, "share": 1.0},
            ]
        )
        # Small gradients vanish in float16 alone; switched off, the scaler changes nothing.
        self.scaler = torch.amp.GradScaler(device.place.type, enabled=device.half is torch.float16)

    def run(
        self,
        report: Callable[[str], None],
        keep: Callable[[], None] = lambda: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Do the steps that are left of the recipe's.

        Args:
            report: receives progress lines.
            keep: called every KEEP_EVERY_S between two steps, and after the last one.
            stop: asked after every step whether to stop early.

        Returns:
            Whether all steps are done; `average.model` is what they led to.
        """
        recipe = self.recipe
        mining = {round(recipe.steps * (recipe.hard_from + k * recipe.mine_every)) for k in range(10)}
        self.learn()
        started = time.monotonic() - self.seconds
        kept = self.seconds
        for step in range(self.done, recipe.steps):
            if step in mining and step:
                self._mine(step)
            loss = self.step(step)
            self.recent = loss if step == 0 else 0.95 * self.recent + 0.05 * loss
            self.done, self.seconds = step + 1, time.monotonic() - started
            if self.done % REPORT_EVERY == 0 or self.done in (1, recipe.steps):
                report(self._progress())
            if stop():
                break
            if self.seconds - kept > KEEP_EVERY_S:
                keep()
                kept = self.seconds
        keep()
        return self.done == recipe.steps

    def learn(self) -> None:
        """Put the model into training mode, but for the parts that stay as they are."""
        self.model.train()
        for part in self.frozen:
            part.eval()

    def step(self, step: int) -> float:
        """Do one optimiser step and give its loss."""
        recipe, side = self.recipe, self.recipe.side_at(step)
        batch = self.batches.next(hard=step % 2 == 1)
        partners = self.batches.partners(batch, recipe.other_photo)
        plain = self.augmenter.plain(self.data.take(batch, self.device), side)
        edited = self.augmenter.edited(self.data.take(partners, self.device), side)
        for group in self.optimiser.param_groups:
            rate = learning_rate(step, recipe.steps, recipe.learning_rate, recipe.warmup)
            group["lr"] = group["share"] * rate
        with torch.autocast(self.device.place.type, self.device.half, enabled=self.device.half is not None):
            raw = self.visual(as_input(torch.cat([plain, edited])))
        loss = self._loss(functional.normalize(raw.float(), dim=1), batch, partners)
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_([*self.visual.parameters(), self.prototypes], recipe.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.average.update(self.model)
        return float(loss.detach())

    def _loss(self, unit: Tensor, batch: Tensor, partners: Tensor) -> Tensor:
        """Weigh the terms; `unit` holds the embeddings of the first views, then those of the second."""
        recipe, place = self.recipe, self.device.place
        first, second = unit.chunk(2)
        products = self.data.products[batch].repeat(2).to(place)
        loss = losses.contrastive(first, second, self.data.groups[batch].to(place), recipe.temperature)
        loss = loss + recipe.koleo_weight * 0.5 * (losses.koleo(first) + losses.koleo(second))
        loss = loss + recipe.product_weight * losses.product_loss(
            unit, self.prototypes, products, recipe.temperature
        )
        if self.targets is not None:
            shown = self.targets[torch.cat([batch, partners]).to(place)]
            loss = loss + recipe.teacher_weight * losses.distance(unit, shown)
        return loss

    def _mine(self, step: int) -> None:
        """Look for look-alikes with the averaged weights, at the present size of the views."""
        averaged = self.average.model.get_submodule("visual")
        self.batches.mine(encode(averaged, self.data.pixels, self.recipe.side_at(step), rows=self.data.rows))

    def _progress(self) -> str:
        """Describe where the run stands."""
        recipe, done = self.recipe, self.done
        left_s = self.seconds / done * (recipe.steps - done)
        views = 2 * recipe.photos_per_step * done / self.seconds
        return (
            f"step {done}/{recipe.steps}  side {recipe.side_at(done - 1)}  loss {self.recent:.3f}  "
            f"{views:.0f} views/s  {self.seconds / 60:.1f} min done  about {left_s / 60:.1f} min left"
        )
