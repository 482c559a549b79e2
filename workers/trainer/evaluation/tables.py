"""The report as text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

WIDTH: Final = 17


def _line(name: str, cells: Sequence[object]) -> str:
    return f"{name:20}" + "".join(f"{_shown(cell):>{WIDTH}}" for cell in cells)


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.3f}" if cell <= 1 else f"{cell:,.1f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def edit_lines(edits: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[str]:
    """Give R@1 per edit for every encoder, and the tower's decisions; then all overall figures.

    Args:
        edits: encoder name → edit name or `overall` → figures; the tower first.
    """
    names = list(edits)
    tower = edits[names[0]]
    yield _line("R@1 by edit", [*names, "| F1", "recall@1%fp"])
    for edit in tower:
        yield _line(
            edit,
            [
                *(edits[name][edit]["r1"] for name in names),
                tower[edit]["decision_f1"],
                tower[edit]["recall_fpr1"],
            ],
        )
    yield ""
    yield _line("overall", ["R@1", "R@5", "decision F1", "recall@1%fp", "fp rate", "on the ROC curve"])
    for name in names:
        yield _line(name, list(edits[name]["overall"].values()))
    yield "overall: every edit but collage; F1 and recall at one threshold for all edits, set on other photos"


def figure_lines(title: str, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Give a table: a line per row, a column per figure of the first row."""
    yield _line(title, list(next(iter(rows.values()))))
    for name, figures in rows.items():
        yield _line(name, list(figures.values()))


def report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Give the lines of a whole report, as `__main__` writes it to JSON; None was left out."""
    parts = {
        part: {name: rows for name, rows in report[part].items() if rows is not None}
        for part in ("edits", "grocery", "speed")
    }
    yield from ("", *edit_lines(parts["edits"]), "")
    if report["normalised"]:
        tried = {f"tried {n}": row for n, row in enumerate(report["normalised"], start=1)}
        yield from (*figure_lines("normalised scores", tried), "")
    yield from (*figure_lines("grocery hit@1", parts["grocery"]), "")
    yield from (*figure_lines("one thread, fp32", parts["speed"]), "")
    for figure in ("edits_r1", "edits_decision_f1", "edits_recall_fpr1", "grocery_heldout_hit1"):
        yield f"{figure:24} {report[figure]:.4f}"
