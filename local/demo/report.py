"""The demonstration's files: figures, and the contact sheet as HTML and as PNG."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from client import Job
from local.demo.cards import Card, selection
from local.demo.metrics import DEFINITION, Metrics
from local.demo.sheet_html import write_html
from local.demo.sheet_png import write_png

_CARDS_IN_PNG = 18


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run found and how long it took; `seconds` is per stage."""

    listings: int
    seed: int
    profile: str
    job: Job
    metrics: Metrics
    seconds: dict[str, float]


def figures(outcome: Outcome) -> dict[str, Any]:
    """Return what `demo.json` holds."""
    metrics = outcome.metrics
    return {
        "duplicate_precision": metrics.groups.precision,
        "duplicate_recall": metrics.groups.recall,
        "pair_precision": metrics.pairs.precision,
        "pair_recall": metrics.pairs.recall,
        "same_photo_variants": metrics.same_photo_variants,
        "same_photo_variants_called_duplicate": metrics.same_photo_variants_called_duplicate,
        "definition": DEFINITION,
        "pairs": {"groups": asdict(metrics.groups), "verdicts": asdict(metrics.pairs)},
        "counts": outcome.job.counts,
        "listings": outcome.listings,
        "seed": outcome.seed,
        "profile": outcome.profile,
        "seconds": outcome.seconds,
    }


def write_figures(directory: Path, outcome: Outcome) -> Path:
    """Write `demo.json` and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "demo.json"
    path.write_text(json.dumps(figures(outcome), indent=2) + "\n", encoding="utf-8")
    return path


def write_sheets(directory: Path, outcome: Outcome, cards: Sequence[Card]) -> tuple[Path, Path]:
    """Write `demo.html` with all cards and `demo.png` with some of them; return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    metrics, counts = outcome.metrics, outcome.job.counts
    called = metrics.same_photo_variants_called_duplicate
    facts = [
        (f"{metrics.groups.precision:.3f}", "precision of duplicate pairs"),
        (f"{metrics.groups.recall:.3f}", "recall of duplicate pairs"),
        (f"{counts.get('groups', 0):,}", "groups"),
        (f"{counts.get('variants', 0):,}", "variant pairs kept apart"),
    ]
    if called is not None:
        facts.append((f"{called:.1%}", "same-photo variants called duplicate"))
    headline = (
        f"{outcome.listings:,} listings of a sample catalog, seed {outcome.seed}, profile {outcome.profile}"
    )
    html, png = directory / "demo.html", directory / "demo.png"
    write_html(html, cards, headline, facts)
    write_png(png, selection(cards, _CARDS_IN_PNG), headline, facts)
    return html, png
