"""How time grows with a catalog, as a picture and as exponents."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

# matplotlib ships types that its own styles do not fit.
_plt: Any = plt
_STYLE: Final = {"axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left"}
_WANTED_MS: Final = 150
_PANELS: Final = (
    (
        "CPU-seconds for a whole catalog",
        {"whole_job_cpu_s": "matching", "fill_cpu_s": "taking in", "open_cpu_s": "opening"},
    ),
    ("CPU-milliseconds of one search", {"search_cpu_p50_ms": "p50", "search_cpu_p95_ms": "p95"}),
    ("Peak memory, MB", {"most_mb": "index worker"}),
)


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Return e of the line through the points' logarithms: values grow as sizes to the power of e."""
    slope, _ = np.polyfit(np.log(sizes), np.log(values), 1)
    return round(float(slope), 3)


def draw(sizes: Sequence[int], figures: Mapping[str, Sequence[float]], path: Path) -> None:
    """Write the picture, as PNG, of what was measured at two sizes at least."""
    with _plt.rc_context(_STYLE):
        figure, axes = _plt.subplots(1, len(_PANELS), figsize=(13, 4.2), layout="constrained")
        for panel, (title, lines) in zip(axes, _PANELS, strict=True):
            for name, what in lines.items():
                label = f"{what}: listings^{exponent(sizes, figures[name]):.2f}"
                panel.loglog(sizes, figures[name], marker="o", label=label)
            panel.set_title(title)
            panel.set_xlabel("listings")
            panel.grid(visible=True, which="both", alpha=0.25)
            panel.legend(frameon=False)
        axes[1].axhline(_WANTED_MS, color="#1b1f27", linestyle=":", linewidth=1)
        figure.savefig(path, dpi=110)
        _plt.close(figure)
