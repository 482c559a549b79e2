"""What was sampled, as six panels."""

from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from tests.soak.flatness import JUDGED, of_process
from tests.soak.site import KILLED
from tests.soak.soak import samples_of

_plt: Any = plt
_COLOURS: Final = ("#0f7b6c", "#c2570c", "#3b5bdb", "#8a5a9e", "#b3372f", "#6a7280", "#8a7a1d")
_STYLE: Final = {
    "axes.grid": True, "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "grid.color": "#e3e6eb", "axes.edgecolor": "#c9ced6", "axes.labelcolor": "#4a5160",
    "text.color": "#1b1f27", "xtick.color": "#4a5160", "ytick.color": "#4a5160", "legend.frameon": False,
    "font.size": 10, "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left",
}  # fmt: skip


def draw(report: dict[str, Any], path: Path) -> None:
    """Write the picture, as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _plt.rc_context(_STYLE):
        figure, axes = _plt.subplots(2, 3, figsize=(17, 9), layout="constrained")
        samples = samples_of(report)
        minutes = [s.at_s / 60 for s in samples]
        for panel, (what, title) in zip(
            axes[0],
            (("rss_mb", "Memory, MB resident"), ("fds", "Open files"), ("threads", "Threads")),
            strict=True,
        ):
            _processes(panel, samples, what, title)
        _redis(axes[1][0], minutes, samples)
        _backlog(axes[1][1], minutes, samples)
        _work(axes[1][2], minutes, samples, report["troubles"])
        half = report["plan"]["minutes"] / 2
        for panel in axes.flat:
            panel.axvspan(half, report["plan"]["minutes"], color="#f4f6f9", zorder=-5)
            panel.set(xlabel="minutes (grey: where growth is judged)", xlim=(0, max(minutes, default=1)))
            panel.set_ylim(bottom=0)
        figure.savefig(path, dpi=110)
        _plt.close(figure)


def _processes(axes: Any, samples: Any, what: str, title: str) -> None:
    names = [name for name in KILLED if name != "index"]
    for name in names:
        times, values = of_process(samples, name, what)
        axes.plot([t / 60 for t in times], values, ".", markersize=2, color="#b6bcc6")
    axes.plot([], [], ".", markersize=4, color="#b6bcc6", label=f"killed: {', '.join(names)}")
    for name, colour in zip(JUDGED, _COLOURS, strict=True):
        times, values = of_process(samples, name, what)
        axes.plot([t / 60 for t in times], values, linewidth=1.8, color=colour, label=name)
    axes.set_title(title)
    if what == "rss_mb":
        axes.legend(fontsize=8, ncols=2, loc="upper left")
        axes.set_ymargin(0.35)


def _redis(axes: Any, minutes: list[float], samples: Any) -> None:
    axes.plot(
        minutes, [s.passing_keys() for s in samples], color=_COLOURS[0], label="keys of jobs, and cached"
    )
    kept = [sum(s.keys.values()) - (s.passing_keys() or 0) if s.keys else None for s in samples]
    axes.plot(minutes, kept, color=_COLOURS[5], label="kept for an hour or a day: queries, idempotency")
    axes.plot(minutes, [s.files for s in samples], color=_COLOURS[3], linewidth=1, label="files in the spool")
    beside = axes.twinx()
    beside.plot(minutes, [s.redis_mb for s in samples], color=_COLOURS[1], linewidth=1.6)
    beside.set_ylabel("MB used by Redis", color=_COLOURS[1])
    beside.set_ylim(bottom=0)
    beside.grid(visible=False)
    axes.set_title("Redis and spool")
    axes.legend(fontsize=8, loc="lower right")


def _backlog(axes: Any, minutes: list[float], samples: Any) -> None:
    for name, label, colour in (
        ("queued", "messages in queues", _COLOURS[2]),
        ("unacked", "messages unacknowledged", _COLOURS[3]),
        ("active", "jobs in work", _COLOURS[0]),
    ):
        axes.plot(minutes, [getattr(s, name) for s in samples], color=colour, linewidth=1.4, label=label)
    axes.set_title("Backlog")
    axes.legend(fontsize=8, loc="upper right")


def _work(axes: Any, minutes: list[float], samples: Any, troubles: list[dict[str, Any]]) -> None:
    axes.plot(minutes, [s.done for s in samples], color=_COLOURS[0], linewidth=2)
    axes.set_title("Listings done; kills below, network faults beneath them")
    kills = {
        "redis": _COLOURS[4], "index": _COLOURS[2], "encoder": _COLOURS[1], "interactive": _COLOURS[6],
        "gateway": _COLOURS[3], "reconciler": _COLOURS[5],
    }  # fmt: skip
    top = max((s.done for s in samples), default=1)
    for number, (name, colour) in enumerate(kills.items()):
        at = [t["at_s"] / 60 for t in troubles if t["what"] == "killed" and t["whom"] == name]
        axes.plot(
            at,
            [top * (0.1 + 0.035 * number)] * len(at),
            "|",
            color=colour,
            markersize=7,
            label=f"{name} killed",
        )
    at = [t["at_s"] / 60 for t in troubles if t["what"] != "killed"]
    axes.plot(at, [top * 0.05] * len(at), "|", color="#98a2b3", markersize=7, label="network")
    axes.legend(fontsize=8, loc="upper left")
