"""Trains a head for a profile: ``python -m workers.trainer.head DIR --out ARTIFACTS/NAME``."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from shared.errors import DoppelError
from shared.profile import load_profile
from shared.settings import EncoderSettings
from workers.encoder.models import build_encoders
from workers.index.arrays import Modality
from workers.trainer.datasets.shopee import read_shopee
from workers.trainer.embedding import embed
from workers.trainer.head.folder import add_head
from workers.trainer.head.losses import Loss
from workers.trainer.head.training import train_head

CACHE = Path(".run/eval")

app = typer.Typer(help=__doc__, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def train(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="folder in the Shopee layout")],
    out: Annotated[Path, typer.Option(help="folder of the new profile")],
    profile: Annotated[str, typer.Option(help="profile whose embeddings are projected")] = "bundled",
    modality: Annotated[Modality, typer.Option(help="image or text")] = "image",
    loss: Annotated[Loss, typer.Option(help="what it is trained with")] = "infonce",
    seed: Annotated[int, typer.Option(help="of all that is random")] = 0,
) -> None:
    """Copy the profile to OUT with a head; calibrate a classifier for it then."""
    if out.exists():
        raise typer.BadParameter(f"{out} exists already: name another folder")
    settings = EncoderSettings()
    chosen, folder = load_profile(profile, settings.artifacts_dir)
    catalog = read_shopee(data)
    encoders = build_encoders(chosen, folder, settings)
    held = embed(catalog.listings, catalog.root, encoders, cache=CACHE).vectors[modality]
    vectors = np.stack([np.frombuffer(row, "<f2").astype(np.float32) for row in held.values()])
    trained = train_head(vectors, [catalog.groups[listing] for listing in held], loss=loss, seed=seed)
    # A classifier belongs to the vectors that it was calibrated on, and these have no head.
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("classifier.json"))
    headed = add_head(out, modality, trained.head).model_copy(update={"name": out.name})
    text = headed.model_dump_json(indent=2, exclude_none=True) + "\n"
    (out / "profile.json").write_text(text, encoding="utf-8")
    typer.echo(
        f"{out}: {trained.steps} steps; mean average precision of groups held back "
        f"{trained.before:.4f} before, {trained.after:.4f} after"
    )


def main() -> None:
    """Run it; what a person can mend is one line on stderr, never a traceback."""
    try:
        app()
    except DoppelError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
