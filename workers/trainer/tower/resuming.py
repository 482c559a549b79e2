"""A trainer's whole state, taken between two steps and put back: what follows is the same, bit for bit."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from workers.trainer.tower.checkpoint import State
from workers.trainer.tower.training import Trainer


def take_state(trainer: Trainer) -> State:
    """Describe where a run stands; the tensors are its own, not copies."""
    tensors: dict[str, Tensor] = {"dice": trainer.augmenter.dice.generator.get_state()}
    tensors |= {f"batches.{name}": value for name, value in trainer.batches.state().items()}
    tensors |= dict(_weights(trainer))
    for number, weight in enumerate(_trained(trainer)):
        moments = trainer.optimiser.state.get(weight, {})
        tensors |= {f"moments.{number}.{name}": value for name, value in moments.items()}
    facts = {
        "done": trainer.done,
        "seconds": trainer.seconds,
        "recent": trainer.recent,
        "averaged": trainer.average.updates,
        "scaler": trainer.scaler.state_dict(),
    }
    return State(tensors, facts)


@torch.no_grad()
def put_state(trainer: Trainer, state: State) -> None:
    """Bring a fresh trainer of the same recipe, photos and kind of device to where another one stood."""
    tensors, facts = state.tensors, state.facts
    trainer.augmenter.dice.generator.set_state(tensors["dice"])
    trainer.batches.restore(_below("batches.", tensors))
    for name, value in _weights(trainer):
        value.copy_(tensors[name])
    for number, weight in enumerate(_trained(trainer)):
        moments = _below(f"moments.{number}.", tensors)
        # Laid out like the weight, as AdamW makes them: another layout may be rounded in another order.
        trainer.optimiser.state[weight] = {
            name: torch.empty_like(weight).copy_(value) if value.ndim else value.clone()
            for name, value in moments.items()
        }
    trainer.done, trainer.seconds, trainer.recent = facts["done"], facts["seconds"], facts["recent"]
    trainer.average.updates = facts["averaged"]
    trainer.scaler.load_state_dict(facts["scaler"])


def _weights(trainer: Trainer) -> Iterator[tuple[str, Tensor]]:
    """Give the tensors that a step changes in place, but for the optimiser's."""
    yield "prototypes", trainer.prototypes
    for part, model in (("model", trainer.model), ("average", trainer.average.model)):
        for name, value in model.state_dict().items():
            yield f"{part}.{name}", value


def _trained(trainer: Trainer) -> list[Tensor]:
    """List the optimiser's weights, always in the same order."""
    return [weight for group in trainer.optimiser.param_groups for weight in group["params"]]


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give the tensors whose names begin so, without that beginning."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
