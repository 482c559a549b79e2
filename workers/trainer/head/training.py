"""Trains a head; how long is decided by groups that it does not learn from."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from shared.errors import ArtifactError
from workers.encoder.head import Head
from workers.index.arrays import Keys, Vectors
from workers.trainer.head.batches import PER_GROUP, batches, members
from workers.trainer.head.losses import LOSSES, Loss
from workers.trainer.head.precision import MOST, mean_average_precision

STEPS: Final = 120
RATE: Final = 6e-4
"""At 512 dimensions; with fewer, each has to move more to turn a vector as far."""
_NOISE: Final = 0.5
"""Length of the noise that is added to a vector of length 1, so that few rows are not learnt by heart."""
_CHECK_EVERY: Final = 20
_HELD_BACK: Final = 0.25
_LEAST_GROUPS: Final = 8
_FLAT: Final = 0.001


@dataclass(frozen=True, slots=True)
class TrainedHead:
    """A head, and how it came to be.

    Attributes:
        head: the identity, if no training helped the groups held back.
        steps: those it was trained for, on all groups.
        before: mean average precision of the groups held back, without a head.
        after: the same with a head that was trained on the others for as many steps.
    """

    head: Head
    steps: int
    before: float
    after: float


def train_head(
    vectors: Vectors,
    labels: Sequence[str],
    *,
    loss: Loss = "infonce",
    seed: int = 0,
    rate: float = RATE,
    per_group: int = PER_GROUP,
) -> TrainedHead:
    """Train a head on frozen embeddings, in seconds; the same seed gives the same head on the same machine.

    First on three quarters of the groups, to see after how many steps the others are ranked best; then on
    all of them for as many steps.

    Args:
        vectors: float32 (n, dim), unit length.
        labels: of each row; rows that share one are one product.
        loss: see `losses`.
        seed: of all that is random.
        rate: of the optimiser, at 512 dimensions.
        per_group: the most rows of a group that one step sees.

    Raises:
        ArtifactError: fewer than eight groups have two rows.
    """
    _, groups = np.unique(np.array(labels), return_inverse=True)
    pairs = members(groups)
    if len(pairs) < _LEAST_GROUPS:
        raise ArtifactError(
            f"a head needs {_LEAST_GROUPS} groups of two listings or more, there are {len(pairs)}"
        )
    order = np.random.default_rng(seed).permutation(len(pairs))
    back = order[: round(len(pairs) * _HELD_BACK)]
    chosen = np.concatenate([pairs[place] for place in back])
    rest = np.setdiff1d(np.arange(len(groups)), chosen)
    judged = chosen[:MOST]

    def precision(head: Head) -> float:
        return mean_average_precision(head.apply(vectors[judged]), groups[judged])

    def course_on(rows: Keys, steps: int) -> Iterator[tuple[int, Head]]:
        draw = np.random.default_rng(seed)
        seen = islice(batches(groups[rows], draw, per_group), steps)
        noise = torch.Generator().manual_seed(seed)
        return _course(vectors[rows], groups[rows], seen, LOSSES[loss], rate, noise)

    with _one_thread():
        course = {step: precision(head) for step, head in course_on(rest, STEPS)}
        # The top is flat, and more groups bear more steps.
        steps = max(step for step in course if course[step] >= max(course.values()) - _FLAT)
        if course[steps] <= course[0]:
            steps = 0
        *_, (_, head) = course_on(np.arange(len(groups)), steps)
    return TrainedHead(head, steps, course[0], course[steps])


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: the matrices are small, and sums have one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _course(
    vectors: Vectors,
    groups: Keys,
    seen: Iterable[Keys],
    measure: Callable[..., torch.Tensor],
    rate: float,
    noise: torch.Generator,
) -> Iterator[tuple[int, Head]]:
    """Yield the head every few steps, from the identity at 0 on; the rate falls as if to STEPS."""
    dim = vectors.shape[1]
    yield 0, Head(np.eye(dim, dtype=np.float32))
    change = torch.zeros(dim, dim, requires_grad=True)
    highest = rate * (512 / dim) ** 0.5
    optimiser = torch.optim.Adam([change], lr=highest)
    for step, batch in enumerate(seen, 1):
        for part in optimiser.param_groups:
            part["lr"] = highest * (1 + np.cos(np.pi * (step - 1) / STEPS)) / 2
        clean = torch.from_numpy(vectors[batch])
        shaken = functional.normalize(clean + _NOISE / dim**0.5 * torch.randn(clean.shape, generator=noise))
        value = measure(functional.normalize(shaken + shaken @ change), torch.from_numpy(groups[batch]))
        optimiser.zero_grad()
        torch.autograd.backward(value)
        optimiser.step()
        if step % _CHECK_EVERY == 0:
            yield step, Head(np.eye(dim, dtype=np.float32) + change.detach().numpy())
