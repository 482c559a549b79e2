"""The parts of a card that state what was measured."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from workers.trainer.tower.card.markdown import figure, table
from workers.trainer.tower.card.text import FIGURES, LIMITS

WEAK: Final = 0.9
"""Share of edited photos found first below which the card names an edit as weak."""

OVERALL: Final = ("edits_r1", "edits_decision_f1", "edits_recall_fpr1", "grocery_heldout_hit1")
COLUMNS: Final = {
    "r1": "R@1",
    "r5": "R@5",
    "decision_f1": "decision F1",
    "recall_fpr1": "recall at 1 % strangers",
}

Rows = Mapping[str, Mapping[str, float]]
"""Edit name, or `overall` → figure name → value."""


def figure_section(record: Mapping[str, Any], report: Mapping[str, Any] | None) -> Iterator[str]:
    """Show the evaluation's figures, or else those of the trial at the end of the run."""
    if report:
        yield FIGURES
        yield "\n".join(f"* {name}: {about}" for name, about in report["about"].items())
        yield table(("figure", "value"), [(name, figure(report[name])) for name in OVERALL])
        yield edit_table(_present(report["edits"]))
        groceries = _present(report["grocery"])
        columns = list(next(iter(groceries.values())))
        rows = [(name, *(figure(row.get(column)) for column in columns)) for name, row in groceries.items()]
        yield table(("grocery photos", *columns), rows)
    elif record["trial"]:
        yield f"{record['trial']['about']}; `overall`: all but collage. Few photos give coarse figures."
        yield edit_table({"tower": record["trial"]["edits"]})
    else:
        yield "Nothing was measured."


def edit_table(edits: Mapping[str, Rows]) -> str:
    """Give all figures of the first encoder per edit, and R@1 of the others beside it."""
    (_, judged), *others = edits.items()
    header = ("edit", *COLUMNS.values(), *(f"R@1 of {name}" for name, _ in others))
    return table(
        header,
        [
            (
                edit,
                *(figure(row[name]) for name in COLUMNS),
                *(figure(rows[edit]["r1"]) for _, rows in others),
            )
            for edit, row in judged.items()
        ],
    )


def limit_section(record: Mapping[str, Any], report: Mapping[str, Any] | None) -> str:
    """Name what the tower is weak at, and what it never saw."""
    trial = record["trial"]["edits"] if record["trial"] else {}
    rows: Rows = next(iter(report["edits"].values())) if report else trial
    weak = sorted((row["r1"], edit) for edit, row in rows.items() if row["r1"] < WEAK)
    found = ", ".join(f"{edit} {r1:.3f}" for r1, edit in weak)
    known = ", ".join(record["data"]["collections"])
    return "\n".join(
        [
            *([f"* Weak (R@1): {found}."] if weak else []),
            f"* It knows photos like those of {known}. Expect less of others; measure before relying on it.",
            LIMITS,
        ]
    )


def _present(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out encoders that were not there to be measured."""
    return {name: rows for name, rows in parts.items() if rows}
