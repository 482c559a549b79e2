"""Train short runs that differ in one thing, measure them alike, and write the table."""

import json
from pathlib import Path
from typing import Annotated, Final

import torch
import typer

from workers.index.background import NEAR, WEIGHT
from workers.memory import keep_freed_memory
from workers.trainer.ablation.variants import VARIANTS, Variant
from workers.trainer.evaluation.__main__ import grocery_figures, open_background
from workers.trainer.evaluation.edit_run import answer, encode_edits, measure
from workers.trainer.evaluation.edits import EDITS
from workers.trainer.evaluation.encoders import PhotoEncoder, TowerEncoder, encode_all
from workers.trainer.evaluation.normalised_run import answer_normalised
from workers.trainer.evaluation.study import Sizes, Study, plan_study
from workers.trainer.tower.background import read_names, write_background
from workers.trainer.tower.cache import SIDE
from workers.trainer.tower.card.markdown import table
from workers.trainer.tower.device import CPU
from workers.trainer.tower.network import WEIGHTS, export
from workers.trainer.tower.photos import default_data, list_photos
from workers.trainer.tower.request import Request
from workers.trainer.tower.run import open_corpus
from workers.trainer.tower.split import FILE, HELD_OUT, read_held_out
from workers.trainer.tower.starts import choose_start
from workers.trainer.tower.tables import Columns
from workers.trainer.tower.training import Trainer
from workers.trainer.tower.whitening import fold_whitening

CHECKOUT: Final = Path(__file__).resolve().parents[3]
SHIPPED: Final = CHECKOUT / "artifacts" / "bundled" / "image"
SIZES: Final = Sizes(gallery=1000, queries=50, grocery=1000)
COLUMNS: Final = (
    "run",
    "R@1",
    "decision F1",
    "recall at 1 % FP",
    "the same, not normalised",
    "grocery hit@1",
)

TEXT: Final = """# What each part of the recipe is worth

Short runs of {steps} steps ({views:,} views of {side} px) that differ from the recipe in one thing; the
shipped tower, trained {longer} times as long on larger views, beside them. Measured on {queries} held-out
clothing photos, {edits} edits each, among {gallery} photos; grocery: photos of products never trained on,
among {grocery} photos. A difference of .005 in R@1, or of .01 elsewhere, is within the noise of such
short runs.

Sixty steps on small views cannot beat the published network at its own size yet; they show which way each
part pulls: a random start has learned next to nothing, the teacher costs a little ranking and keeps what
the network knows of products, and frozen stages cost nothing but make a step a third shorter. The last row
shows what length and larger views bring.

Written by `python -m workers.trainer.ablation`.

"""


def ablate(
    data: Annotated[
        Path | None, typer.Option(help="data folder; default DOPPEL_DATA, or shared/data")
    ] = None,
    cache: Annotated[Path, typer.Option(help="decoded photos")] = CHECKOUT / ".run" / "tower",
    work: Annotated[Path, typer.Option(help="trained variants; kept")] = CHECKOUT / ".run" / "ablation",
    out: Annotated[Path, typer.Option(help="Markdown to write")] = CHECKOUT
    / "docs"
    / "tower"
    / "ablation.md",
    threads: Annotated[int, typer.Option(help="CPU threads")] = 2,
) -> None:
    """Train short runs that differ in one thing, measure them alike, and write the table."""
    keep_freed_memory()
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    folder = data or default_data()
    for variant in VARIANTS:
        if not (work / variant.folder / WEIGHTS).exists():
            typer.echo(f"training: {variant.name}")
            train(variant, folder, cache, work / variant.folder)
    towers = {variant.name: work / variant.folder for variant in VARIANTS} | {"shipped": SHIPPED}
    held_out = read_held_out(SHIPPED / FILE)
    study = plan_study(list_photos(folder), held_out, set(read_names(SHIPPED)), SIZES)
    rows = compare(towers, study)
    text = render(rows, study)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    report = CHECKOUT / "reports" / "ablation.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    typer.echo(text)


def train(variant: Variant, data: Path, cache: Path, out: Path) -> None:
    """Train one variant and write its folder."""
    start = choose_start(variant.start)
    request = Request(
        folders=(data / "clothing_photos", data / "grocery_photos"),
        columns=Columns(),
        samples=1000,
        held_out=HELD_OUT,
        licences={},
        recipe=start.settle(variant.recipe),
        start=start,
        device=CPU,
        cache=cache,
        out=out,
        fresh=True,
    )
    corpus = open_corpus(request, typer.echo)
    trainer = Trainer(request.recipe, corpus.training, request.device, start.file)
    if request.recipe.steps:
        trainer.run(typer.echo, lambda: None, lambda: False)
    visual = trainer.average.model.get_submodule("visual")
    fold_whitening(visual, corpus.training.pixels, SIDE, corpus.training.rows)
    out.mkdir(parents=True, exist_ok=True)
    write_background(out, visual, corpus)
    export(trainer.average.model, out)


def compare(towers: dict[str, Path], study: Study) -> dict[str, dict[str, float]]:
    """Measure all towers on the same edited photos."""
    encoders: list[PhotoEncoder] = [TowerEncoder(folder, name=name) for name, folder in towers.items()]
    vectors = encode_all(encoders, [photo.path for photo in study.photos], typer.echo)
    edited = encode_edits(study.gallery, encoders, typer.echo)
    rows: dict[str, dict[str, float]] = {}
    for name, folder in towers.items():
        known = study.pick(vectors[name], study.gallery.photos)
        background = open_background(folder)
        if background is None:
            raise typer.BadParameter(f"{folder} has no background: train it anew")
        asked = study.gallery.queries
        plain = measure(answer(edited[name], known, asked))["overall"]
        ours = measure(answer_normalised(edited[name], known, background.vectors, asked, (WEIGHT, NEAR)))[
            "overall"
        ]
        grocery = grocery_figures(study, vectors[name], background)
        rows[name] = {
            "r1": ours.r1,
            "decision_f1": ours.decision_f1,
            "recall_fpr1": ours.recall_fpr1,
            "recall_fpr1_plain": plain.recall_fpr1,
            "grocery_heldout_hit1": grocery["heldout_hit1"],
        }
    return rows


def render(rows: dict[str, dict[str, float]], study: Study) -> str:
    """Give the table as Markdown."""
    short = VARIANTS[0].recipe
    about = TEXT.format(
        steps=short.steps,
        views=2 * short.steps * short.photos_per_step,
        side=short.stages[0][1],
        longer=round(type(short)().steps / short.steps),
        queries=len(study.gallery.queries),
        edits=len(EDITS),
        gallery=f"{len(study.gallery.photos):,}",
        grocery=f"{len(study.grocery):,}",
    )
    return (
        about
        + table(COLUMNS, [(name, *(f"{v:.3f}" for v in row.values())) for name, row in rows.items()])
        + "\n"
    )


if __name__ == "__main__":
    typer.run(ablate)
