"""Command line: ``python -m workers.trainer.tower train | anneal | finish | split``."""

import dataclasses
import functools
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from safetensors.torch import load_model, save_model
from torch import nn

from workers.trainer.tower.cache import SIDE, load_pixels
from workers.trainer.tower.network import build, export
from workers.trainer.tower.photos import Photo, default_data, list_photos, product_numbers
from workers.trainer.tower.recipe import ANNEAL, Recipe
from workers.trainer.tower.split import FILE, SPLIT_SEED, Split, make_split, write_held_out
from workers.trainer.tower.training import Trainer, TrainingSet
from workers.trainer.tower.whitening import fold_whitening

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

DEFAULTS = Recipe()
Data = Annotated[
    Path | None, typer.Option(help="data folder; default DOPPEL_DATA, or shared/data by the checkout")
]
Cache = Annotated[Path, typer.Option(help="folder for the decoded photos (485 MB)")]
Out = Annotated[Path, typer.Option(help="folder for the open_clip files")]
Seed = Annotated[int, typer.Option(help="source of all randomness")]
Threads = Annotated[int, typer.Option(help="CPU threads")]
Snapshot = Annotated[Path, typer.Option(help="unfinished weights, kept by train in the cache folder")]


def say(line: str) -> None:
    """Print a progress line at once, also into a file."""
    typer.echo(line)


def gather(data: Path | None, cache: Path) -> tuple[list[Photo], TrainingSet, Split]:
    """Read the data folder and split it."""
    photos = list_photos(data or default_data())
    pixels = load_pixels(photos, cache, say)
    split = make_split(photos, pixels, SPLIT_SEED)
    numbers = product_numbers([photos[i] for i in split.train])
    clusters = torch.tensor([split.clusters[i] for i in split.train])
    return photos, TrainingSet(pixels, np.array(split.train), clusters, torch.tensor(numbers)), split


def finish_and_export(model: nn.Module, training: TrainingSet, out: Path) -> None:
    """Whiten the averaged weights and write them."""
    visual = model.get_submodule("visual")
    pixels = training.pixels[training.rows]
    fold_whitening(visual, pixels, SIDE)
    say(f"wrote {export(model, out)}")


def keep(file: Path, model: nn.Module) -> None:
    """Save unfinished weights."""
    file.parent.mkdir(parents=True, exist_ok=True)
    save_model(model, str(file))


@app.command()
def train(
    cache: Cache,
    out: Out,
    data: Data = None,
    steps: Annotated[int, typer.Option(help="optimiser steps")] = DEFAULTS.steps,
    seed: Seed = DEFAULTS.seed,
    stop_after: Annotated[
        int, typer.Option(help="end before the schedule does, after this step; 0: do not")
    ] = 0,
    threads: Threads = 2,
) -> None:
    """Train the tower from scratch and write it; the cache folder keeps unfinished weights on the way."""
    run(Recipe(steps=steps, stop_after=stop_after, seed=seed), data, cache, out, threads)


@app.command()
def anneal(
    cache: Cache,
    out: Out,
    snapshot: Snapshot,
    data: Data = None,
    steps: Annotated[int, typer.Option(help="optimiser steps")] = ANNEAL.steps,
    seed: Seed = ANNEAL.seed,
    threads: Threads = 2,
) -> None:
    """Go on from unfinished weights with a falling learning rate: ends a run that was stopped early."""
    run(dataclasses.replace(ANNEAL, steps=steps, seed=seed), data, cache, out, threads, snapshot)


def run(
    recipe: Recipe,
    data: Path | None,
    cache: Path,
    out: Path,
    threads: int,
    start: Path | None = None,
) -> None:
    """Train by a recipe, finish the weights and write them."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    photos, training, split = gather(data, cache)
    say(f"{len(training.rows)} training photos, {len(split.held_out)} held out")
    trainer = Trainer(recipe, training, start)
    model = trainer.run(say, functools.partial(keep, cache / "snapshot.safetensors"))
    finish_and_export(model, training, out)
    write_held_out(out / FILE, photos, split)


@app.command()
def finish(
    cache: Cache,
    out: Out,
    snapshot: Snapshot,
    data: Data = None,
) -> None:
    """Whiten and write unfinished weights, as train does at its end."""
    photos, training, split = gather(data, cache)
    model = build(DEFAULTS.seed).eval()
    load_model(model, str(snapshot))
    finish_and_export(model, training, out)
    write_held_out(out / FILE, photos, split)


@app.command()
def split(cache: Cache, data: Data = None) -> None:
    """Print how many photos of each collection are held out."""
    photos, _, parts = gather(data, cache)
    for collection in ("clothing", "grocery"):
        of = [photos[i].collection for i in parts.held_out].count(collection)
        say(f"{collection}: {of} of {sum(p.collection == collection for p in photos)} held out")


if __name__ == "__main__":
    app()
