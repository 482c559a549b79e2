"""The whole card."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from workers.trainer.tower.card.figures import figure_section, limit_section
from workers.trainer.tower.card.markdown import cell, table
from workers.trainer.tower.card.text import DATA, INTRODUCTION, RECIPE, USE
from workers.trainer.tower.record import read_record

FILE: Final = "MODEL_CARD.md"


def write_card(folder: Path, report: Path) -> Path:
    """Write the card beside the weights.

    Args:
        folder: tower with its record.
        report: figures of the evaluation; left out where it has not run, or measured other weights.

    Raises:
        Refused: the folder holds no record.
    """
    record = read_record(folder)
    figures = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    measured = figures.get("weights_sha256") == record["tower"]["sha256"]
    file = folder / FILE
    file.write_text(render(record, figures if measured else None), encoding="utf-8")
    return file


def render(record: Mapping[str, Any], report: Mapping[str, Any] | None) -> str:
    """Give the card's Markdown.

    Args:
        record: what `workers.trainer.tower.record` wrote.
        report: what the evaluation of these weights wrote, or None.
    """
    sections = (
        *("# Image tower", INTRODUCTION, table(("", ""), tower_rows(record)), USE),
        *("## Data and licences", *data_section(record), DATA),
        *("## Recipe", RECIPE, table(("setting", "value"), record["recipe"].items()), run_text(record)),
        *("## Figures", *figure_section(record, report)),
        *("## Limits", limit_section(record, report)),
    )
    return "\n\n".join(sections) + "\n"


def tower_rows(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give the facts about the network and its files."""
    tower = record["tower"]
    preprocessing = tower["preprocessing"]
    yield (
        "Architecture",
        f"timm `{tower['architecture']}` in open_clip's `TimmModel`, linear projection with bias",
    )
    yield (
        "Size",
        f"{tower['parameters'] / 1e6:.1f} million parameters, float16, {tower['bytes'] / 1e6:.1f} MB",
    )
    yield "Start", cell(record["start"])
    size = f"{tower['side']} x {tower['side']} pixels, aspect ratio ignored, {preprocessing['interpolation']}"
    yield "Input", f"RGB, {size}; mean {preprocessing['mean'][0]}, spread {preprocessing['std'][0]}"
    yield "Output", f"{tower['dim']} numbers; L2-normalise them, their inner product is the similarity"
    yield "sha256 of the weights", f"`{tower['sha256']}`"


def data_section(record: Mapping[str, Any]) -> Iterator[str]:
    """Describe the photos."""
    data = record["data"]
    yield table(
        ("collection", "photos", "held out", "products", "licence"),
        [
            (name, row["photos"], row["held_out"], row["products"] or "not labelled", row["licence"])
            for name, row in data["collections"].items()
        ],
    )
    yield (
        f"{data['trained_on']:,} photos were trained on, {data['held_out']:,} were held out; "
        f"{data['unreadable']:,} could not be read. sha256 of the decoded photos, their names, products and "
        f"split: `{data['digest']}`."
    )


def run_text(record: Mapping[str, Any]) -> str:
    """Describe the run."""
    run = record["run"]
    return (
        f"Again: `{run['command']}`. "
        f"{run['steps']:,} steps, {run['views']:,} views, {run['minutes']:.0f} minutes on {run['device']}, "
        f"{run['threads']} CPU threads. Versions: {cell(record['versions'])}."
    )
