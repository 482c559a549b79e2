"""The report as one HTML page; every text is escaped by the template engine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workers.trainer.report.findings import RECALL_AT, Findings
from workers.trainer.report.mistakes import Mistake

_HERE: Final = Path(__file__).parent
CAPTIONS: Final = {
    "retrieval": "How many duplicates the candidates hold",
    "precision_recall": "Precision and recall",
    "roc": "ROC",
    "threshold": "What another threshold would do",
    "reliability": "Is a probability of 0.8 right in 8 of 10?",
    "image_similarity": "Image similarity of candidates",
    "text_similarity": "Text similarity of candidates",
    "lexical_similarity": "Word similarity of candidates",
    "fused_similarity": "Fused similarity of candidates",
}
FIGURES: Final = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "brier": "Brier",
}
CATALOG: Final = {
    "row_f1": "row F1",
    "row_f1_of_nothing": "row F1 of predicting nothing",
    "b_cubed_precision": "B-cubed precision",
    "b_cubed_recall": "B-cubed recall",
    "b_cubed_f1": "B-cubed F1",
    "groups": "groups found",
    "largest_group": "largest group found",
    "largest_true_group": "largest true group",
    "pairs_never_found": "duplicate pairs in no channel's candidates",
    "listings_asked": "listings that this is about",
}
MISTAKES: Final = (
    ("false_positives", "Called duplicates, and are none", "The surest come first."),
    (
        "false_negatives",
        "Duplicates that were not called so",
        "Of retrieved candidates; the surest come first.",
    ),
)


def write_page(
    path: Path, findings: Findings, plots: Sequence[str], mistakes: Mapping[str, Sequence[Mistake]]
) -> Path:
    """Write the page and return its path; plots and photos are named relative to it."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = shown
    page = environment.get_template("page.html.jinja").render(
        findings=findings,
        tiles=tiles_of(findings),
        style=(_HERE / "page.css").read_text("utf-8"),
        recall_at=RECALL_AT,
        figures=FIGURES,
        catalog=CATALOG,
        plots=[(name, CAPTIONS[name]) for name in plots],
        mistakes=[(heading, note, mistakes[kind]) for kind, heading, note in MISTAKES],
    )
    path.write_text(page, encoding="utf-8")
    return path


def tiles_of(findings: Findings) -> list[tuple[str, str]]:
    """Return the figures at the top of the page: value and what it is."""
    head = findings.pairs[0].figures
    tiles = [
        (shown(head["f1"]), f"F1 on {findings.pairs[0].pairs}"),
        (f"{shown(head['precision'])} / {shown(head['recall'])}", "precision / recall"),
    ]
    if "pr_auc" in head:
        tiles.append((shown(head["pr_auc"]), "PR-AUC"))
    if "union" in findings.retrieval:
        tiles.append((shown(findings.retrieval["union"]["recall@10"]), "recall@10, all channels"))
    if findings.catalog:
        tiles.append((shown(findings.catalog["b_cubed_f1"]), "B-cubed F1 of groups"))
    return tiles


def shown(value: float | None) -> str:
    """Return a share with three decimals, a count (an int) with thousands marked, a dash for None."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
