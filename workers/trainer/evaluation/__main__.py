"""Measure an image tower on photos that it has not seen, beside its rivals."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from workers.trainer.evaluation.edit_run import answer, encode_edits, measure
from workers.trainer.evaluation.encoders import (
    HashEncoder,
    PhotoEncoder,
    TowerEncoder,
    encode_all,
)
from workers.trainer.evaluation.first_tower import bring_first_tower, digest
from workers.trainer.evaluation.grocery_run import measure_grocery
from workers.trainer.evaluation.hog import HogEncoder
from workers.trainer.evaluation.memory import measure_memory
from workers.trainer.evaluation.normalised_run import grid, measure_normalised
from workers.trainer.evaluation.sheet import worst_failures, write_sheet
from workers.trainer.evaluation.speed import measure_speed
from workers.trainer.evaluation.study import Sizes, Study, plan_study
from workers.trainer.evaluation.tables import report_lines
from workers.trainer.tower.network import WEIGHTS
from workers.trainer.tower.photos import default_data, list_photos
from workers.trainer.tower.split import FILE, read_held_out

CHECKOUT = Path(__file__).resolve().parents[3]

Tower = Annotated[Path, typer.Option(help="open_clip folder of the tower, with its held_out.json")]
Data = Annotated[
    Path | None, typer.Option(help="data folder; default DOPPEL_DATA, or shared/data by the checkout")
]
GallerySize = Annotated[int, typer.Option("--gallery", help="clothing photos searched")]
Queries = Annotated[int, typer.Option(min=2, help="held-out clothing photos edited and looked up")]
Grocery = Annotated[int, typer.Option(help="grocery photos, 0: all")]
Background = Annotated[int, typer.Option(min=1, help="training photos that scores are normalised with")]
Beta = Annotated[float, typer.Option(help="strength of the normalisation that is reported beside the grid")]
Neighbours = Annotated[int, typer.Option(min=1, help="background photos that count in it")]
Sheet = Annotated[Path | None, typer.Option(help="PNG of the worst failures to write")]
Report = Annotated[Path, typer.Option(help="JSON to write")]
Threads = Annotated[int, typer.Option(help="CPU threads; speed is measured on one")]


def evaluate(
    tower: Tower = CHECKOUT / "artifacts" / "bundled" / "image",
    data: Data = None,
    gallery: GallerySize = 2951,
    queries: Queries = 200,
    grocery: Grocery = 0,
    background: Background = 1000,
    beta: Beta = 0.5,
    neighbours: Neighbours = 5,
    sheet: Sheet = None,
    report: Report = CHECKOUT / "reports" / "tower.json",
    threads: Threads = 2,
) -> None:
    """Measure an image tower on photos that it has not seen, beside its rivals."""
    torch.set_num_threads(threads)
    held_out = read_held_out(tower / FILE)
    sizes = Sizes(gallery, queries, background, grocery)
    study = plan_study(list_photos(data or default_data()), held_out, sizes)
    folders = {"tower": tower}
    first = CHECKOUT / ".run" / "first-tower"
    if bring_first_tower(CHECKOUT, first, held_out):
        folders["first tower"] = first
    else:
        typer.echo("this checkout's history does not hold the first tower; it is left out")
    encoders: list[PhotoEncoder] = [TowerEncoder(folder, name=name) for name, folder in folders.items()]
    encoders += [TowerEncoder(tower, random_weights=True), HashEncoder(), HogEncoder()]
    figures = measure_study(study, encoders, (beta, neighbours), sheet)
    typer.echo("measuring speed and memory")
    speed = measure_speed(folders, [photo.path for photo in study.gallery.photos])
    figures["speed"] = {name: row | measure_memory(folders[name]) for name, row in speed.items()}
    for part in ("edits", "grocery", "speed"):
        figures[part].setdefault("first tower", None)
    figures["weights_sha256"] = digest(tower / WEIGHTS)
    for line in report_lines(figures):
        typer.echo(line)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    typer.echo(f"wrote {report}")


def measure_study(
    study: Study, encoders: list[PhotoEncoder], setting: tuple[float, int], sheet: Path | None
) -> dict[str, Any]:
    """Encode everything once and compute all figures; the first encoder is the one that is judged.

    Args:
        study: the photos.
        encoders: what is compared.
        setting: beta and neighbours of the normalisation that is reported beside the grid.
        sheet: where the worst failures are drawn, if at all.
    """
    judged, asked = encoders[0].name, study.gallery.queries
    for about in study.describe().values():
        typer.echo(about)
    vectors = encode_all(encoders, [photo.path for photo in study.photos], typer.echo)
    known = {name: study.pick(rows, study.gallery.photos) for name, rows in vectors.items()}
    edited = encode_edits(study.gallery, encoders, typer.echo)
    answers = {name: answer(edited[name], known[name], asked) for name in edited}
    edits = {name: measure(found) for name, found in answers.items()}
    background = study.pick(vectors[judged], study.background)
    chosen, *tried = measure_normalised(edited[judged], known[judged], background, asked, [setting, *grid()])
    groceries = {
        name: measure_grocery(study.grocery, study.held_out, study.pick(rows, study.grocery))
        for name, rows in vectors.items()
    }
    if sheet:
        worst = worst_failures(answers[judged], edited[judged], known[judged], study.gallery)
        write_sheet(worst, study.gallery, sheet)
        typer.echo(f"wrote {sheet}")
    overall = edits[judged]["overall"]
    return {
        "about": study.describe(),
        "edits_r1": overall.r1,
        "edits_decision_f1": overall.decision_f1,
        "edits_recall_fpr1": overall.recall_fpr1,
        "grocery_heldout_hit1": groceries[judged]["heldout_hit1"],
        "edits": {name: {edit: asdict(row) for edit, row in rows.items()} for name, rows in edits.items()},
        "normalised": {"chosen": chosen, "grid": tried},
        "grocery": groceries,
    }


if __name__ == "__main__":
    typer.run(evaluate)
