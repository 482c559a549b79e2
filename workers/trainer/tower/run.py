"""One run from the photos to the model card."""

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from workers.trainer.tower.background import write_background
from workers.trainer.tower.cache import SIDE
from workers.trainer.tower.card.card import write_card
from workers.trainer.tower.checkpoint import Checkpoint
from workers.trainer.tower.dataset import Corpus, gather, require_enough
from workers.trainer.tower.errors import Refused
from workers.trainer.tower.interruption import StopRequest
from workers.trainer.tower.invented import invented_photos
from workers.trainer.tower.network import export
from workers.trainer.tower.photos import collect
from workers.trainer.tower.record import data_facts, run_facts, tower_facts, versions, write_record
from workers.trainer.tower.request import Request
from workers.trainer.tower.resuming import put_state, take_state
from workers.trainer.tower.split import FILE, write_held_out
from workers.trainer.tower.starts import PUBLISHED
from workers.trainer.tower.teacher import load_features
from workers.trainer.tower.training import Trainer
from workers.trainer.tower.whitening import fold_whitening

Say = Callable[[str], None]
"""Receives progress lines."""

Trial = Callable[[Path, Corpus], dict[str, Any] | None]
"""Measures a finished tower on held-out photos; None where there is nothing to measure."""


def run(request: Request, say: Say, trial: Trial, report: Path) -> int:
    """Train a tower and write its folder: weights, config, held-out photos, record, model card.

    Args:
        request: what is asked for.
        say: receives progress lines.
        trial: first measurement of the result.
        report: figures of an evaluation for the card, if they are of the same weights.

    Returns:
        0, or the number of the signal that stopped the run; the same request goes on from there.

    Raises:
        Refused: it cannot be done as asked.
    """
    corpus = open_corpus(request, say)
    trainer, checkpoint = open_trainer(request, corpus, say)
    with StopRequest() as stop:
        done = trainer.run(say, lambda: checkpoint.write(take_state(trainer)), stop.came)
    if not done:
        say(f"stopped after step {trainer.done} of {request.recipe.steps}: the same command goes on there")
        return stop.signal
    visual = trainer.average.model.get_submodule("visual")
    fold_whitening(visual, corpus.training.pixels, SIDE, corpus.training.rows)
    say(f"wrote {export(trainer.average.model, request.out)}")
    write_background(request.out, visual, corpus)
    write_held_out(request.out / FILE, corpus.photos, corpus.split)
    facts = {
        "tower": tower_facts(request.out, sum(weight.numel() for weight in visual.parameters())),
        "start": request.start.facts,
        "data": data_facts(corpus, request.licences),
        "recipe": dataclasses.asdict(request.recipe),
        "run": run_facts(request.recipe, request.command, trainer.seconds, request.device),
        "versions": versions(),
        "trial": trial(request.out, corpus),
    }
    write_record(request.out, facts)
    say(f"wrote {write_card(request.out, report)}")
    checkpoint.remove()
    return 0


def open_corpus(request: Request, say: Say) -> Corpus:
    """List, decode and split the photos; look at them with the published network if the run needs it."""
    listed = collect(request.folders, request.columns)
    unknown = set(request.licences) - {photo.collection for photo in listed}
    if unknown:
        raise Refused(f"--licence names no collection: {', '.join(sorted(unknown))}")
    if request.samples:
        listed += invented_photos(request.cache, request.samples)
    corpus = gather(listed, request.cache, request.held_out, torch.get_num_threads(), say)
    for name, counts in data_facts(corpus, request.licences)["collections"].items():
        say(
            f"{name}: {counts['photos']} photos, {counts['held_out']} held out, {counts['products']} products"
        )
    require_enough(corpus, request.recipe.photos_per_step)
    if request.start.name != PUBLISHED:
        return corpus
    features = load_features(corpus.decoded, request.cache, request.device, say)[corpus.training.rows]
    return dataclasses.replace(corpus, training=dataclasses.replace(corpus.training, features=features))


def open_trainer(request: Request, corpus: Corpus, say: Say) -> tuple[Trainer, Checkpoint]:
    """Prepare the run, or go on with the one that was stopped."""
    place = hashlib.sha256(str(request.out.resolve()).encode()).hexdigest()[:12]
    identity = {
        **dataclasses.asdict(request.recipe),
        "photos": corpus.digest,
        "device": request.device.place.type,
    }
    checkpoint = Checkpoint(request.cache / f"run-{place}.safetensors", identity)
    if request.fresh:
        checkpoint.remove()
    state = checkpoint.read()
    trainer = Trainer(request.recipe, corpus.training, request.device, request.start.file)
    if state:
        put_state(trainer, state)
        say(f"going on after step {trainer.done} of {request.recipe.steps}")
    return trainer, checkpoint
