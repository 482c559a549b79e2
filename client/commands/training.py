"""`doppel train`, `evaluate`, `rethreshold`, and `train-tower`: the trainer's own commands."""

import importlib.util
import os
import sys
from typing import Final, NoReturn

import typer

from client.errors import DoppelError

# Everything after a command's name, `--help` too, is for the trainer: it alone knows its options.
PASS_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def train(context: typer.Context) -> None:
    """Fit a classifier to labelled listings; `doppel train --help` lists the options."""
    _become("workers.trainer.train", "train", context)


def evaluate(context: typer.Context) -> None:
    """Measure a profile on labelled listings; `doppel evaluate --help` lists the options."""
    _become("workers.trainer.train", "evaluate", context)


def rethreshold(context: typer.Context) -> None:
    """Choose other thresholds for a trained profile; `doppel rethreshold --help` lists the options."""
    _become("workers.trainer.train", "rethreshold", context)


def train_tower(context: typer.Context) -> None:
    """Train an image tower on folders of photos; `doppel train-tower --help` lists the options."""
    _become("workers.trainer.tower", "train", context)


def _become(module: str, command: str, context: typer.Context) -> NoReturn:
    missing = [name for name in ("workers", "torch", "open_clip") if not importlib.util.find_spec(name)]
    if missing:
        raise DoppelError(
            "trainer_missing",
            f"training needs {', '.join(missing)}: pip install -r requirements/trainer.txt, in the checkout",
        )
    sys.stdout.flush()
    # This process becomes the trainer's, so that signals reach it and its exit status is ours.
    os.execv(  # noqa: S606 - arguments go over as they are, no shell
        sys.executable, [sys.executable, "-m", module, command, *context.args]
    )
