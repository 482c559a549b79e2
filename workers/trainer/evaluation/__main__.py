"""Measure an image tower on photos that it has not seen, beside its rivals."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from workers.index.background import NEAR, WEIGHT
from workers.memory import keep_freed_memory
from workers.trainer.evaluation.edit_run import answer, encode_edits, measure
from workers.trainer.evaluation.encoders import (
    HashEncoder,
    PhotoEncoder,
    TowerEncoder,
    Vectors,
    encode_all,
)
from workers.trainer.evaluation.first_tower import bring_first_tower, digest
from workers.trainer.evaluation.grocery_run import measure_grocery
from workers.trainer.evaluation.hog import HogEncoder
from workers.trainer.evaluation.memory import measure_memory
from workers.trainer.evaluation.normalisation import Background, normalised_scores
from workers.trainer.evaluation.normalised_run import answer_normalised, grid, measure_normalised
from workers.trainer.evaluation.sheet import worst_failures, write_sheet
from workers.trainer.evaluation.speed import measure_speed
from workers.trainer.evaluation.study import Sizes, Study, plan_study
from workers.trainer.evaluation.tables import report_lines
from workers.trainer.tower.background import read_background, read_names
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
Sheet = Annotated[Path | None, typer.Option(help="PNG of the worst failures to write")]
Report = Annotated[Path, typer.Option(help="JSON to write")]
Threads = Annotated[int, typer.Option(help="CPU threads; speed is measured on one")]


def evaluate(
    tower: Tower = CHECKOUT / "artifacts" / "bundled" / "image",
    data: Data = None,
    gallery: GallerySize = 2951,
    queries: Queries = 200,
    grocery: Grocery = 0,
    sheet: Sheet = None,
    report: Report = CHECKOUT / "reports" / "tower.json",
    threads: Threads = 2,
) -> None:
    """Measure an image tower on photos that it has not seen, beside its rivals."""
    keep_freed_memory()
    torch.set_num_threads(threads)
    held_out = read_held_out(tower / FILE)
    sizes = Sizes(gallery, queries, grocery)
    study = plan_study(list_photos(data or default_data()), held_out, set(read_names(tower)), sizes)
    folders = {"tower": tower}
    first = CHECKOUT / ".run" / "first-tower"
    if bring_first_tower(CHECKOUT, first, held_out):
        folders["first tower"] = first
    else:
        typer.echo("this checkout's history does not hold the first tower; it is left out")
    encoders: list[PhotoEncoder] = [TowerEncoder(folder, name=name) for name, folder in folders.items()]
    encoders += [TowerEncoder(tower, random_weights=True), HashEncoder(), HogEncoder()]
    figures = measure_study(study, encoders, open_background(tower), sheet)
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
    study: Study, encoders: list[PhotoEncoder], background: Background | None, sheet: Path | None
) -> dict[str, Any]:
    """Encode everything once and compute all figures; the first encoder is the one that is judged.

    Args:
        study: the photos.
        encoders: what is compared.
        background: what the scores of that one are normalised with.
        sheet: where the worst failures are drawn, if at all.
    """
    judged, asked = encoders[0].name, study.gallery.queries
    for about in study.describe().values():
        typer.echo(about)
    vectors = encode_all(encoders, [photo.path for photo in study.photos], typer.echo)
    known = {name: study.pick(rows, study.gallery.photos) for name, rows in vectors.items()}
    edited = encode_edits(study.gallery, encoders, typer.echo)
    answers = {name: answer(edited[name], known[name], asked) for name in edited}
    tried: list[dict[str, float]] = []
    plain = answers[judged]
    if background is not None:
        ours = edited[judged], known[judged], background.vectors, asked
        answers = answers | {judged: answer_normalised(*ours, (WEIGHT, NEAR)), f"{judged}, plain": plain}
        tried = measure_normalised(*ours, grid())
    edits = {name: measure(found) for name, found in answers.items()}
    groceries = {name: grocery_figures(study, rows, None) for name, rows in vectors.items()}
    if background is not None:
        groceries[f"{judged}, plain"] = groceries[judged]
        groceries[judged] = grocery_figures(study, vectors[judged], background)
    if sheet:
        worst = worst_failures(plain, edited[judged], known[judged], study.gallery)
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
        "normalised": tried,
        "grocery": groceries,
    }


def open_background(tower: Path) -> Background | None:
    """Read what the tower's scores are normalised with; None where it has nothing."""
    vectors = read_background(tower)
    return None if vectors is None else Background(vectors, read_names(tower))


def grocery_figures(study: Study, vectors: Vectors, background: Background | None) -> dict[str, float]:
    """Measure one encoder on the grocery photos; `vectors` has a row for each photo of the study."""
    rows = study.pick(vectors, study.grocery)
    scores = rows @ rows.T
    if background is not None:
        keys = [photo.key for photo in study.grocery]
        scores = normalised_scores(rows, keys, background, (WEIGHT, NEAR))
    return measure_grocery(study.grocery, study.held_out, scores)


if __name__ == "__main__":
    typer.run(evaluate)
