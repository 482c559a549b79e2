"""The plots of a report, each once for light pages and once for dark ones."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
from matplotlib import pyplot as plt

from workers.trainer.report.curves import Curve
from workers.trainer.report.findings import RECALL_AT, JudgedPairs

# matplotlib ships types that its own styles do not fit.
_plt: Any = plt
_SIZE: Final = (5.4, 3.7)
_BINS: Final = 40


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours of a page."""

    page: str
    text: str
    soft: str
    line: str
    series: tuple[str, ...]


LIGHT: Final = Ink("#ffffff", "#1b1f27", "#6a7280", "#e3e6eb", ("#0f7b6c", "#c2570c", "#3b5bdb", "#8a5a9e"))
DARK: Final = Ink("#1e232b", "#eceff4", "#98a2b3", "#303743", ("#4cc9b0", "#f0a35e", "#8ba6ff", "#cf9fe0"))


def draw_plots(
    folder: Path,
    curves: Mapping[str, Curve],
    judged: JudgedPairs,
    retrieval: Mapping[str, Mapping[str, float]],
    thresholds: Mapping[str, float],
) -> list[str]:
    """Write `plots/NAME.png` and `plots/NAME-dark.png`, and return the names, in the order to be shown."""
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    drawings: dict[str, Callable[[Any, Ink], None]] = {}
    if retrieval:
        drawings["retrieval"] = lambda axes, ink: _retrieval(axes, ink, retrieval)
    if curves:
        drawings |= {
            "precision_recall": lambda axes, ink: _precision_recall(axes, ink, curves["precision_recall"]),
            "roc": lambda axes, ink: _roc(axes, ink, curves["roc"]),
            "threshold": lambda axes, ink: _threshold(axes, ink, curves["threshold"], thresholds),
            "reliability": lambda axes, ink: _reliability(axes, ink, curves["reliability"]),
        }
    for name in judged.similarities:
        if np.isfinite(judged.similarities[name]).any():
            drawings[f"{name}_similarity"] = functools.partial(_histogram, judged=judged, name=name)
    for name, draw in drawings.items():
        for ink, ending in ((LIGHT, ""), (DARK, "-dark")):
            with _axes(ink, folder / "plots" / f"{name}{ending}.png") as axes:
                draw(axes, ink)
    return list(drawings)


@contextmanager
def _axes(ink: Ink, path: Path) -> Iterator[Any]:
    style = {
        "figure.facecolor": ink.page,
        "axes.facecolor": ink.page,
        "axes.edgecolor": ink.line,
        "axes.labelcolor": ink.soft,
        "axes.grid": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": ink.line,
        "xtick.color": ink.soft,
        "ytick.color": ink.soft,
        "text.color": ink.text,
        "legend.frameon": False,
        "lines.linewidth": 2.2,
        "font.size": 10.5,
    }
    with _plt.rc_context(style):
        figure, axes = _plt.subplots(figsize=_SIZE, layout="constrained")
        try:
            yield axes
            figure.savefig(path, dpi=160)
        finally:
            _plt.close(figure)


def _square(axes: Any, x: str, y: str) -> None:  # noqa: ANN401 - matplotlib's
    axes.set(xlim=(0, 1.005), ylim=(0, 1.02), xlabel=x, ylabel=y)


def _retrieval(axes: Any, ink: Ink, retrieval: Mapping[str, Mapping[str, float]]) -> None:  # noqa: ANN401
    colours = (*ink.series, ink.text)
    for number, (channel, figures) in enumerate(retrieval.items()):
        values = [figures[f"recall@{k}"] for k in RECALL_AT]
        axes.plot(RECALL_AT, values, marker="o", markersize=5, label=channel, color=colours[number % 5])
    axes.set(xscale="log", xlabel="first K candidates of each channel", ylabel="recall", ylim=(0, 1.02))
    axes.set_xticks(RECALL_AT, [str(k) for k in RECALL_AT])
    axes.minorticks_off()
    axes.legend()


def _precision_recall(axes: Any, ink: Ink, curve: Curve) -> None:  # noqa: ANN401
    axes.plot(curve["recall"], curve["precision"], color=ink.series[0])
    axes.fill_between(curve["recall"], curve["precision"], color=ink.series[0], alpha=0.12, linewidth=0)
    _square(axes, "recall", "precision")


def _roc(axes: Any, ink: Ink, curve: Curve) -> None:  # noqa: ANN401
    axes.plot([0, 1], [0, 1], color=ink.soft, linewidth=1, linestyle=":")
    axes.plot(curve["false_positive_rate"], curve["true_positive_rate"], color=ink.series[0])
    _square(axes, "others called duplicates", "duplicates found")


def _threshold(axes: Any, ink: Ink, curve: Curve, thresholds: Mapping[str, float]) -> None:  # noqa: ANN401
    for name, colour in zip(("precision", "recall", "f1"), ink.series, strict=False):
        axes.plot(curve["threshold"], curve[name], color=colour, label="F1" if name == "f1" else name)
    for value in sorted(set(thresholds.values())):
        axes.axvline(value, color=ink.text, linewidth=1, linestyle="--")
    _square(axes, "threshold (dashed: chosen)", "")
    axes.legend(loc="lower left")


def _reliability(axes: Any, ink: Ink, curve: Curve) -> None:  # noqa: ANN401
    axes.plot([0, 1], [0, 1], color=ink.soft, linewidth=1, linestyle=":")
    sizes = 30 + 170 * np.sqrt(np.array(curve["pairs"]) / max(curve["pairs"]))
    axes.plot(curve["probability"], curve["duplicates"], color=ink.series[0], linewidth=1.2)
    axes.scatter(curve["probability"], curve["duplicates"], s=sizes, color=ink.series[0], alpha=0.75)
    _square(axes, "probability given", "share of duplicates")


def _histogram(axes: Any, ink: Ink, *, judged: JudgedPairs, name: str) -> None:  # noqa: ANN401
    values = judged.similarities[name]
    known = np.isfinite(values)
    low, high = float(min(values[known].min(), 0.0)), float(max(values[known].max(), 1.0))
    edges = np.linspace(low, high, _BINS + 1)
    kinds = (("others", ~judged.duplicate, ink.series[1]), ("duplicates", judged.duplicate, ink.series[0]))
    for label, kind, colour in kinds:
        if (known & kind).any():
            weights = np.full(int((known & kind).sum()), 1 / (known & kind).sum())
            axes.hist(values[known & kind], edges, weights=weights, color=colour, alpha=0.6, label=label)
    axes.set(xlabel=f"{name} similarity", ylabel="share of pairs")
    axes.legend(loc="best")
