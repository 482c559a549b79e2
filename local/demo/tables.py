"""What the demonstration prints: groups, figures, time."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from client import Group
from local.demo.cards import Shelf
from local.demo.metrics import Metrics, Score


def print_groups(console: Console, groups: Sequence[Group], shelf: Shelf, most: int = 15) -> None:
    """Print the first groups, each with its canonical title and how its other members are titled."""
    table = Table(title=f"the {min(most, len(groups))} largest of {len(groups)} groups", title_justify="left")
    table.add_column("size", justify="right")
    table.add_column("canonical listing", max_width=48)
    table.add_column("others", max_width=64)
    table.add_column("least probability", justify="right")
    for group in groups[:most]:
        others = [shelf.titles.get(m.id) or "(no title)" for m in group.members if m.id != group.canonical]
        table.add_row(
            str(group.size),
            Text(shelf.titles.get(group.canonical) or "(no title)"),
            Text("\n".join(others[:2]) + (f"\n… and {len(others) - 2} more" if len(others) > 2 else "")),
            f"{min(member.probability for member in group.members):.3f}",
        )
    console.print(table)


def print_metrics(console: Console, metrics: Metrics) -> None:
    """Print precision, recall and what they are out of."""
    table = Table(
        "duplicates against the truth", "precision", "recall", "found", "true", title_justify="left"
    )
    for name, score in (
        ("pairs inside found groups", metrics.groups),
        ("pairs called duplicate", metrics.pairs),
    ):
        table.add_row(name, *_cells(score))
    console.print(table)
    called = metrics.same_photo_variants_called_duplicate
    if called is not None:
        console.print(
            f"variants that show the same photo: {metrics.same_photo_variants} pairs, "
            f"{called:.1%} of them called duplicate",
            highlight=False,
        )


def _cells(score: Score) -> tuple[str, str, str, str]:
    return f"{score.precision:.3f}", f"{score.recall:.3f}", f"{score.found:,}", f"{score.true:,}"


def print_seconds(console: Console, seconds: dict[str, float]) -> None:
    """Print the time per stage."""
    said = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    console.print(f"seconds: {said}", highlight=False)
