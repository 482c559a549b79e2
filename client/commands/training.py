"""`doppel train-tower`."""

import importlib.util
import os
import sys
from typing import Final

import typer

from client.errors import DoppelError

TRAINER: Final = "workers.trainer.tower"

# Everything after the command's name, `--help` too, is for the trainer: it alone knows its options.
PASS_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def train_tower(context: typer.Context) -> None:
    """Train an image tower on folders of photos; `doppel train-tower --help` lists the options."""
    missing = [name for name in ("workers", "torch", "open_clip") if not importlib.util.find_spec(name)]
    if missing:
        raise DoppelError(
            "trainer_missing",
            f"training needs {', '.join(missing)}: pip install -r requirements/trainer.txt, in the checkout",
        )
    sys.stdout.flush()
    # This process becomes the trainer's, so that signals reach it and its exit status is ours.
    os.execv(  # noqa: S606 - arguments go over as they are, no shell
        sys.executable, [sys.executable, "-m", TRAINER, "train", *context.args]
    )
