"""The encoders' figures as a picture: rates beside the competitors', and where our CPU-seconds go."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

# matplotlib ships types that its own styles do not fit.
_plt: Any = plt
_OURS: Final = "#0f7b6c"
_THEIRS: Final = "#b6bcc6"
_PANELS: Final = (
    ("products", ("doppel", "loop", "infinity"), "Products per CPU-second, ViT-B-32 + MiniLM-L12"),
    ("images", ("bundled", "imagededup"), "Images per CPU-second, without any download"),
)
_STYLE: Final = {"axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left"}


def draw(reports: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Write the picture, as PNG; what was not measured is left empty."""
    with _plt.rc_context(_STYLE):
        figure, axes = _plt.subplots(2, 2, figsize=(13, 7), layout="constrained")
        for (name, who, title), (left, right) in zip(_PANELS, axes, strict=True):
            report = reports[name]
            _rates(left, report, [one for one in who if f"{one}.per_cpu_s" in report])
            left.set_title(title)
            _stages(right, report)
            right.set_title("Where ours go, CPU-milliseconds per item (logarithmic)")
        figure.savefig(path, dpi=110)
        _plt.close(figure)


def _rates(axes: Any, report: Mapping[str, Any], who: list[str]) -> None:  # noqa: ANN401 - as above
    """Draw the medians, and from the lowest to the highest round a line."""
    for place, one in enumerate(reversed(who)):
        rate = report[f"{one}.per_cpu_s"]
        axes.barh(one, rate, color=_OURS if one == who[0] else _THEIRS)
        axes.plot([report[f"{one}.lowest"], report[f"{one}.highest"]], [place, place], color="#1b1f27")
        axes.annotate(f"{rate:g}", (0, place), (6, 0), textcoords="offset points", va="center")


def _stages(axes: Any, report: Mapping[str, Any]) -> None:  # noqa: ANN401 - as above
    stages = {name[3:]: ms for name, ms in report.items() if name.startswith("ms.") and ms > 0}
    if stages:
        names = sorted(stages, key=lambda name: stages[name])
        axes.barh(names, [stages[name] for name in names], color=_OURS)
        axes.set_xscale("log")
