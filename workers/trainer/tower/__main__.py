"""Command line: ``python -m workers.trainer.tower train | finish | split``."""

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
from workers.trainer.tower.recipe import Recipe
from workers.trainer.tower.split import FILE, Split, make_split, write_held_out
from workers.trainer.tower.training import Trainer, TrainingSet
from workers.trainer.tower.whitening import fold_whitening, settle_statistics

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

DEFAULTS = Recipe()
Data = Annotated[
    Path | None, typer.Option(help="data folder; default DOPPEL_DATA, or shared/data by the checkout")
]
Cache = Annotated[Path, typer.Option(help="folder for the decoded photos (485 MB)")]
Out = Annotated[Path, typer.Option(help="folder for the open_clip files")]
Seed = Annotated[int, typer.Option(help="source of all randomness")]
Settle = Annotated[bool, typer.Option(help="measure batch statistics anew at the size of use")]


def say(line: str) -> None:
    """Print a progress line at once, also into a file."""
    typer.echo(line)


def gather(data: Path | None, cache: Path, seed: int) -> tuple[list[Photo], TrainingSet, Split]:
    """Read the data folder and split it."""
    photos = list_photos(data or default_data())
    pixels = load_pixels(photos, cache, say)
    split = make_split(photos, pixels, seed)
    numbers = product_numbers([photos[i] for i in split.train])
    clusters = torch.tensor([split.clusters[i] for i in split.train])
    return photos, TrainingSet(pixels, np.array(split.train), clusters, torch.tensor(numbers)), split


def finish_and_export(model: nn.Module, training: TrainingSet, out: Path, settle: bool) -> None:
    """Whiten the averaged weights and write them."""
    visual = model.get_submodule("visual")
    pixels = training.pixels[training.rows]
    if settle:
        settle_statistics(visual, pixels, SIDE)
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
    threads: Annotated[int, typer.Option(help="CPU threads")] = 2,
    settle: Settle = False,
) -> None:
    """Train the tower from scratch and write it; the cache folder keeps unfinished weights on the way."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    photos, training, split = gather(data, cache, seed)
    say(f"{len(training.rows)} training photos, {len(split.held_out)} held out")
    trainer = Trainer(Recipe(steps=steps, seed=seed), training)
    model = trainer.run(say, functools.partial(keep, cache / "snapshot.safetensors"))
    finish_and_export(model, training, out, settle)
    write_held_out(out / FILE, photos, split, seed)


@app.command()
def finish(
    cache: Cache,
    out: Out,
    snapshot: Annotated[Path, typer.Option(help="unfinished weights, kept by train")],
    data: Data = None,
    seed: Seed = DEFAULTS.seed,
    settle: Settle = False,
) -> None:
    """Whiten and write unfinished weights, as train does at its end."""
    photos, training, split = gather(data, cache, seed)
    model = build(seed).eval()
    load_model(model, str(snapshot))
    finish_and_export(model, training, out, settle)
    write_held_out(out / FILE, photos, split, seed)


@app.command()
def split(cache: Cache, data: Data = None, seed: Seed = DEFAULTS.seed) -> None:
    """Print how many photos of each collection are held out."""
    photos, _, parts = gather(data, cache, seed)
    for collection in ("clothing", "grocery"):
        of = [photos[i].collection for i in parts.held_out].count(collection)
        say(f"{collection}: {of} of {sum(p.collection == collection for p in photos)} held out")


if __name__ == "__main__":
    app()
