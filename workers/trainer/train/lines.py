"""Findings as text, for the terminal."""

from collections.abc import Iterator, Sequence

from workers.trainer.report.findings import RECALL_AT, Findings
from workers.trainer.report.page import CATALOG, FIGURES, shown
from workers.trainer.train.rethreshold import Change


def finding_lines(findings: Findings) -> Iterator[str]:
    """Give the tables of a report, line by line."""
    if findings.retrieval:
        names = [f"recall@{k}" for k in RECALL_AT]
        rows = [
            [channel, *(shown(row[name]) for name in names), shown(row.get("map"))]
            for channel, row in findings.retrieval.items()
        ]
        yield from ("", *_table(["candidates", *names, "mAP"], rows))
    rows = [
        [row.classifier, row.pairs, f"{row.figures['pairs']:,.0f}", f"{row.figures['positives']:,.0f}"]
        + [shown(row.figures.get(key)) for key in FIGURES]
        for row in findings.pairs
    ]
    yield from ("", *_table(["classifier", "judged on", "pairs", "duplicates", *FIGURES.values()], rows, 2))
    yield "random negatives are nearly all easy: the other lines say how it does in use"
    if findings.catalog:
        yield ""
        for key, name in CATALOG.items():
            if key in findings.catalog:
                yield f"{name:42}{shown(findings.catalog[key]):>9}"
    for situation, threshold in findings.thresholds.items():
        yield f"{'threshold, ' + situation:42}{shown(threshold):>9}"
    yield from ("", *findings.notes)


def change_lines(changes: Sequence[Change]) -> Iterator[str]:
    """Give what new thresholds do."""
    rows = [
        [
            change.name,
            f"{change.old:.4f}",
            f"{change.new:.4f}",
            *map(shown, (change.precision, change.recall, change.f1)),
        ]
        for change in changes
    ]
    yield from _table(["pairs", "old", "new", "precision", "recall", "F1"], rows)
    yield from (f"{change.name}: {change.lacking}" for change in changes if change.lacking)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> Iterator[str]:
    """Give aligned lines; the first `left` columns are text."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        cells = (
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
