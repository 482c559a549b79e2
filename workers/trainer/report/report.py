"""Writes a report: one folder with a page, its pictures, and the figures as JSON."""

import json
import shutil
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from workers.trainer.report.curves import curves_of
from workers.trainer.report.findings import Findings
from workers.trainer.report.mistakes import show, worst
from workers.trainer.report.page import write_page
from workers.trainer.report.plots import draw_plots

_OURS: Final = ("plots", "photos")


def write_report(folder: Path, findings: Findings) -> Path:
    """Write `index.html`, `report.json`, `plots/` and `photos/` into the folder, and return the page.

    The page needs nothing outside the folder and no network. Pictures of an earlier report are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in _OURS:
        shutil.rmtree(folder / name, ignore_errors=True)
    curves = curves_of(findings.judged)
    plots = draw_plots(folder, curves, findings.judged, findings.retrieval, findings.thresholds)
    mistakes = {
        "false_positives": show(findings, worst(findings.judged, called=True), folder),
        "false_negatives": show(findings, worst(findings.judged, called=False), folder),
    }
    document = document_of(findings)
    document["curves"] = {
        name: {axis: [*values] for axis, values in curve.items()} for name, curve in curves.items()
    }
    document["mistakes"] = {
        kind: [mistake.to_json() for mistake in found] for kind, found in mistakes.items()
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    return write_page(folder / "index.html", findings, plots, mistakes)


def document_of(findings: Findings) -> dict[str, JsonValue]:
    """Return the figures of a report without curves and mistakes."""
    return {
        "title": findings.title,
        "data": dict(findings.data),
        "model": dict(findings.model),
        "thresholds": dict(findings.thresholds),
        "retrieval": {channel: dict(figures) for channel, figures in findings.retrieval.items()},
        "pairs": [
            {
                "classifier": row.classifier,
                "pairs": row.pairs,
                "retrieved": row.honest,
                "figures": dict(row.figures),
            }
            for row in findings.pairs
        ],
        "catalog": dict(findings.catalog),
        "notes": list(findings.notes),
    }
