"""Measures matching and grouping: `python -m workers.trainer.matching DATA`.

Prints every figure beside its target and writes `reports/eval.json`; parts run alone are merged into it.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.logs import configure_logging
from workers.trainer.matching import catalogs, grocery, notebook, pairs
from workers.trainer.matching.targets import TARGETS

_REPORT = Path("reports/eval.json")
_WORK = Path(".run/eval")


@dataclass(frozen=True, slots=True)
class Part:
    """Measures one thing; `needs` are folders without which it cannot."""

    name: str
    run: Callable[[Path, Path], dict[str, float]]
    needs: tuple[str, ...] = ()


PARTS: Final = (
    Part("pairs", pairs.run, ("abt_buy", "amazon_google")),
    Part("grocery", grocery.run, ("grocery_photos",)),
    Part("notebook", notebook.run, ("grocery_photos",)),
    Part("catalogs", catalogs.run),
)


def main() -> None:
    """Run the parts that were asked for, print their figures, write the report."""
    parser = argparse.ArgumentParser(prog="python -m workers.trainer.matching", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the data sets that some parts need")
    parser.add_argument("--only", choices=[part.name for part in PARTS], help="run this part alone")
    arguments = parser.parse_args()
    configure_logging("eval")
    chosen = [part for part in PARTS if arguments.only in (None, part.name)]
    print(table(run_parts(chosen, arguments.data, _WORK, _REPORT)))  # noqa: T201 - the command's answer


def run_parts(parts: Iterable[Part], data: Path, work: Path, report: Path) -> dict[str, float]:
    """Run the parts whose data is there and return their figures; each is in the report once it is done."""
    figures: dict[str, float] = {}
    for part in parts:
        absent = [name for name in part.needs if not (data / name).is_dir()]
        if absent:
            print(f"skipped {part.name}: no {', '.join(absent)} in {data}")  # noqa: T201
            continue
        figures |= part.run(data, work)
        _write(figures, report)
    return figures


def table(figures: Mapping[str, float]) -> str:
    """Return figures, targets and what was measured as lines of text."""
    width = max((len(name) for name in figures), default=0)
    lines = [f"{'figure':{width}}  {'measured':>10}  target"]
    for name, value in figures.items():
        wanted = [
            target.text() + {True: "", False: " MISSED", None: " (not measured)"}[target.met(figures)]
            for target in TARGETS
            if target.figure == name
        ]
        lines.append(f"{name:{width}}  {value:>10g}  {', '.join(wanted)}".rstrip())
    return "\n".join(lines)


def _write(figures: Mapping[str, float], report: Path) -> None:
    """Merge the figures into the report of earlier runs."""
    before = json.loads(report.read_text("utf-8")) if report.exists() else {}
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(before | dict(figures), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
