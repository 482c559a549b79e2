"""Image model without weights: a coarse picture and its colours. For tests, not for quality."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_GRID, _COLOURS = 12, 4
GRID_DIM = _GRID * _GRID + _COLOURS * _COLOURS * 3


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale to length 1; a flat picture has no structure and stays zero."""
    length = float(np.sqrt(values @ values))
    return values / length if length > 1e-9 else values


class GridModel:
    """Brightness on a 12 x 12 grid less its mean, and colour on a 4 x 4 grid, of equal weight.

    Each item is computed alone in float64, so that a vector does not depend on its batch.
    """

    def __init__(self, name: str) -> None:
        self.name = f"deterministic:{name}"
        self.call_cost = 0
        self.dim = GRID_DIM

    def prepare(self, item: Image.Image) -> NDArray[np.float64]:
        """Return the vector of an RGB image, shape (192,)."""
        grey = np.asarray(item.convert("L").resize((_GRID, _GRID), Image.Resampling.BOX), dtype=np.float64)
        colours = np.asarray(item.resize((_COLOURS, _COLOURS), Image.Resampling.BOX), dtype=np.float64)
        # Measured from a grey no pixel value hits, so that no picture has the zero vector.
        return np.concatenate([_unit((grey - grey.mean()).ravel()), _unit(colours.ravel() - 127.3)])

    def cost(self, prepared: NDArray[np.float64]) -> int:
        """All pictures cost the same."""
        return prepared.size

    def forward(self, batch: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the prepared vectors, shape (n, 192)."""
        return np.stack(batch)
