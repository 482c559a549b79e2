"""Command line: ``python -m workers.trainer.evaluation edits | grocery``."""

import json
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from workers.trainer.evaluation.edit_run import make_gallery, measure_edits
from workers.trainer.evaluation.encoders import HashEncoder, PhotoEncoder, TowerEncoder
from workers.trainer.evaluation.grocery_run import measure_grocery
from workers.trainer.tower.photos import default_data, list_photos
from workers.trainer.tower.split import FILE, read_held_out

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

CHECKOUT = Path(__file__).resolve().parents[3]
Tower = Annotated[Path, typer.Option(help="open_clip folder of the tower, with its held_out.json")]
Data = Annotated[
    Path | None, typer.Option(help="data folder; default DOPPEL_DATA, or shared/data by the checkout")
]
Reports = Annotated[Path, typer.Option(help="folder for the JSON report")]
Threads = Annotated[int, typer.Option(help="CPU threads")]
TOWER = CHECKOUT / "artifacts" / "bundled" / "image"
REPORTS = CHECKOUT / "reports"


def write_report(folder: Path, name: str, figures: dict[str, Any]) -> None:
    """Write the figures of a run as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    typer.echo(f"wrote {file}")


@app.command()
def edits(
    tower: Tower = TOWER,
    data: Data = None,
    gallery: Annotated[int, typer.Option(help="photos searched")] = 2951,
    queries: Annotated[int, typer.Option(help="held-out photos edited and looked up")] = 200,
    reports: Reports = REPORTS,
    threads: Threads = 2,
) -> None:
    """Edit held-out photos in every named way and look each one up, beside the perceptual hash."""
    torch.set_num_threads(threads)
    photos = list_photos(data or default_data())
    searched = make_gallery(photos, read_held_out(tower / FILE), gallery, queries)
    about = (
        f"gallery: {len(searched.photos)} photos ({searched.held_out} held out, "
        f"{len(searched.photos) - searched.held_out} training photos as distractors); "
        f"{len(searched.queries)} held-out photos edited and looked up per edit"
    )
    typer.echo(about)
    figures = measure_edits(searched, [TowerEncoder(tower), HashEncoder()], typer.echo)
    ours, theirs = figures["tower"], figures["pHash"]
    typer.echo(f"\n{'':20} {'tower':26} pHash\n{'edit':20}" + f" {'R@1':>8} {'R@5':>8} {'rec@1%fp':>8}" * 2)
    for edit in ours:
        row = " ".join(
            f"{side[edit][k]:8.3f}" for side in (ours, theirs) for k in ("r1", "r5", "recall_at_1pct_fp")
        )
        typer.echo(f"{edit:20} {row}")
    typer.echo("overall: every edit but collage")
    write_report(reports, "edits.json", {"about": about, "figures": figures})


@app.command()
def grocery(
    tower: Tower = TOWER, data: Data = None, reports: Reports = REPORTS, threads: Threads = 2
) -> None:
    """Measure hit@1 on the shop photos: tower, the same network with random weights, perceptual hash."""
    torch.set_num_threads(threads)
    photos = list_photos(data or default_data())
    encoders: list[PhotoEncoder] = [
        TowerEncoder(tower),
        TowerEncoder(tower, random_weights=True),
        HashEncoder(),
    ]
    figures = measure_grocery(photos, read_held_out(tower / FILE), encoders, typer.echo)
    about = "share of shop photos whose nearest other photo shows the same product"
    write_report(reports, "grocery.json", {"about": about, "figures": figures})


if __name__ == "__main__":
    app()
