"""A run that is stopped and started again ends with the weights of one that never stopped, bit for bit."""

import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from workers.trainer.tower.cache import SIDE
from workers.trainer.tower.checkpoint import Checkpoint, State
from workers.trainer.tower.errors import Refused
from workers.trainer.tower.interruption import StopRequest
from workers.trainer.tower.recipe import Recipe
from workers.trainer.tower.resuming import put_state, take_state
from workers.trainer.tower.training import Trainer
from workers.trainer.tower.training_set import TrainingSet

# Look-alikes are searched for before steps 2 and 4: before and after the stop.
RECIPE = Recipe(
    start="random",
    frozen_stages=1,
    steps=6,
    photos_per_step=8,
    stages=((0.0, 32),),
    hard_from=0.34,
    mine_every=0.33,
)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    """24 photos of coarse random colours; the first 12 show four products."""
    coarse = np.random.default_rng(1).integers(0, 256, (24, 3, 8, 8), dtype=np.uint8)
    pixels = coarse.repeat(SIDE // 8, axis=2).repeat(SIDE // 8, axis=3)
    products = torch.tensor([n % 4 if n < 12 else -1 for n in range(24)])
    return TrainingSet(pixels, np.arange(24), torch.arange(24), products)


@pytest.fixture(scope="module")
def uninterrupted(data: TrainingSet) -> Trainer:
    trainer = Trainer(RECIPE, data)
    assert trainer.run(lambda _line: None)
    return trainer


def stop_after(trainer: Trainer, steps: int, checkpoint: Checkpoint) -> bool:
    """Run until so many steps are done, and keep the state."""
    return trainer.run(
        lambda _line: None, lambda: checkpoint.write(take_state(trainer)), lambda: trainer.done == steps
    )


def test_stopped_and_resumed_gives_the_same_weights(
    data: TrainingSet, uninterrupted: Trainer, tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "run.safetensors", {"steps": 6})
    for steps in (3, 5):
        trainer = Trainer(RECIPE, data)
        state = checkpoint.read()
        if state:
            put_state(trainer, state)
        assert not stop_after(trainer, steps, checkpoint)
    resumed = Trainer(RECIPE, data)
    state = checkpoint.read()
    assert state
    put_state(resumed, state)
    assert resumed.done == 5
    assert stop_after(resumed, 6, checkpoint)
    for ours, theirs in (
        (resumed.model, uninterrupted.model),
        (resumed.average.model, uninterrupted.average.model),
    ):
        weights = theirs.state_dict()
        assert all(torch.equal(value, weights[name]) for name, value in ours.state_dict().items())
    assert torch.equal(resumed.prototypes, uninterrupted.prototypes)
    assert resumed.recent == uninterrupted.recent


def test_a_state_is_put_back_whole(uninterrupted: Trainer, data: TrainingSet) -> None:
    other = Trainer(RECIPE, data)
    before = take_state(uninterrupted)
    put_state(other, before)
    after = take_state(other)
    assert after.facts == before.facts
    assert after.tensors.keys() == before.tensors.keys()
    assert all(torch.equal(after.tensors[name], value) for name, value in before.tensors.items())
    assert {"dice", "batches.order", "batches.neighbours", "prototypes"} <= before.tensors.keys()


def test_a_finished_run_that_was_kept_has_nothing_left_to_do(
    uninterrupted: Trainer, data: TrainingSet
) -> None:
    again = Trainer(RECIPE, data)
    put_state(again, take_state(uninterrupted))
    assert again.run(pytest.fail)


@pytest.fixture
def state() -> State:
    return State({"weights": torch.arange(3.0)}, {"done": 4})


def test_a_checkpoint_is_read_back(state: State, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "deep" / "run.safetensors", {"stages": ((0.0, 32),), "photos": "abc"})
    assert checkpoint.read() is None
    checkpoint.write(state)
    again = Checkpoint(checkpoint.file, {"photos": "abc", "stages": ((0.0, 32),)}).read()
    assert again
    assert again.facts == {"done": 4}
    assert again.tensors["weights"].tolist() == [0, 1, 2]
    assert [file.name for file in checkpoint.file.parent.iterdir()] == ["run.safetensors"]
    checkpoint.remove()
    assert checkpoint.read() is None


def test_another_run_is_refused_by_what_differs(state: State, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    Checkpoint(file, {"steps": 6, "photos": "abc"}).write(state)
    with pytest.raises(Refused, match=r"steps was 6, is 7.*--fresh"):
        Checkpoint(file, {"steps": 7, "photos": "abc"}).read()
    with pytest.raises(Refused, match="photos was abc, is xyz"):
        Checkpoint(file, {"steps": 6, "photos": "xyz"}).read()


def test_a_broken_checkpoint_is_refused(state: State, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "run.safetensors", {})
    checkpoint.write(state)
    checkpoint.file.write_bytes(checkpoint.file.read_bytes()[:-4])
    with pytest.raises(Refused, match=r"broken.*--fresh"):
        checkpoint.read()


def test_a_write_that_fails_leaves_the_last_checkpoint(state: State, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "run.safetensors", {})
    checkpoint.write(state)
    with pytest.raises(TypeError):
        checkpoint.write(State(state.tensors, {"done": object()}))
    kept = checkpoint.read()
    assert kept
    assert kept.facts == {"done": 4}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_only(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with StopRequest() as stop:
        assert not stop.came()
        signal.raise_signal(number)
        assert stop.came()
        assert stop.signal == number
        assert signal.getsignal(number) == before  # the second one acts as ever
    assert signal.getsignal(number) == before
