"""Command line: ``python -m workers.trainer.tower train | card``."""

import functools
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from workers.memory import keep_freed_memory
from workers.trainer.tower.card.card import write_card
from workers.trainer.tower.device import choose
from workers.trainer.tower.errors import Refused
from workers.trainer.tower.recipe import Recipe
from workers.trainer.tower.request import Request
from workers.trainer.tower.run import run
from workers.trainer.tower.split import HELD_OUT
from workers.trainer.tower.starts import PUBLISHED, choose_start
from workers.trainer.tower.tables import Columns
from workers.trainer.tower.trial import measure_held_out

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

DEFAULTS = Recipe()
REPORT = Path(__file__).resolve().parents[3] / "reports" / "tower.json"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "doppel" / "tower"


class Place(StrEnum):
    """Where to compute; `auto` is a GPU where there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


Figures = Annotated[Path, typer.Option(help="report of the evaluation; used if it is of the same weights")]


def say(line: str) -> None:
    """Print a progress line at once, also into a file."""
    typer.echo(line)
    sys.stdout.flush()


@app.command()
def train(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="folders of photos, and catalogs with a table")
    ],
    out: Annotated[Path, typer.Option(help="folder for the tower")],
    cache: Annotated[
        Path, typer.Option(help="folder for decoded photos (77 kB each) and the unfinished run")
    ] = CACHE,
    steps: Annotated[int, typer.Option(min=1, help="optimiser steps")] = DEFAULTS.steps,
    photos_per_step: Annotated[int, typer.Option(min=8, help="photos in a step")] = DEFAULTS.photos_per_step,
    seed: Annotated[int, typer.Option(help="source of all randomness")] = DEFAULTS.seed,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0: one per core")] = 0,
    device: Annotated[Place, typer.Option(help="where to compute")] = Place.AUTO,
    start: Annotated[
        str, typer.Option(metavar="published|random|DIR", help="weights to begin with; DIR is a tower")
    ] = PUBLISHED,
    samples: Annotated[int, typer.Option(min=0, help="listings of the sample shop to train on, too")] = 0,
    held_out: Annotated[
        float, typer.Option(min=0, max=0.9, help="share of the photos kept for evaluation")
    ] = HELD_OUT,
    image_column: Annotated[str | None, typer.Option(help="column with image names")] = None,
    product_column: Annotated[str | None, typer.Option(help="column with products")] = None,
    licence: Annotated[
        list[str] | None, typer.Option(metavar="NAME=TEXT", help="licence of a folder's photos, for the card")
    ] = None,
    queries: Annotated[int, typer.Option(min=0, help="held-out photos of the trial; under 2: no trial")] = 50,
    fresh: Annotated[bool, typer.Option("--fresh/--resume", help="forget an unfinished run")] = False,
) -> None:
    """Train an image tower on your photos. Stopped by Ctrl-C, the same command goes on later.

    A catalog is a folder with photos.csv, catalog.csv or train.csv, and photos in images/, train_images/ or
    beside the table; photos of one product are never told apart.
    """
    keep_freed_memory()
    begin = choose_start(start)
    request = Request(
        folders=tuple(folders),
        columns=Columns(image_column, product_column),
        samples=samples,
        held_out=held_out,
        licences=dict(_licence(text) for text in licence or ()),
        recipe=begin.settle(Recipe(steps=steps, seed=seed, photos_per_step=photos_per_step)),
        start=begin,
        device=choose(device, threads),
        cache=cache,
        out=out,
        fresh=fresh,
    )
    stopped_by = run(request, say, functools.partial(measure_held_out, queries=queries, report=say), REPORT)
    if stopped_by:
        raise typer.Exit(128 + stopped_by)
    say("measure the bundled tower in full: make eval-tower")


@app.command()
def card(
    tower: Annotated[Path, typer.Option(help="folder of a trained tower")], report: Figures = REPORT
) -> None:
    """Write the model card again, with the figures of an evaluation."""
    say(f"wrote {write_card(tower, report)}")


def _licence(text: str) -> tuple[str, str]:
    """Split NAME=TEXT."""
    name, equals, about = text.partition("=")
    if not (name and equals and about):
        raise Refused(f"--licence {text}: write NAME=TEXT, with the name of a folder (without _photos)")
    return name, about


def main() -> None:
    """Run a command; what a person can mend is one line on stderr, never a traceback."""
    try:
        app()
    except Refused as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
