"""Puts vectors in an order in which near ones are close: they are halved, and each half is again."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Vectors

# So many vectors show in which direction the others differ most, after so many steps towards it.
_SHOWN: Final = 256
_STEPS: Final = 4
# Among so few it does not matter.
_FEW: Final = 8


def halved(vectors: Vectors) -> NDArray[np.int64]:
    """Return the places (n,) of vectors (n, dim) in that order; the same for the same vectors."""
    order = np.arange(len(vectors))
    waiting = [slice(0, len(vectors))]
    while waiting:
        part = waiting.pop()
        places = order[part]
        if len(places) <= _FEW:
            continue
        held = vectors[places]
        along = held @ _direction(held[:: -(-len(held) // _SHOWN)])
        order[part] = places[np.argsort(along, kind="stable")]
        middle = part.start + len(places) // 2
        waiting += [slice(part.start, middle), slice(middle, part.stop)]
    return order


def _direction(shown: Vectors) -> Vectors:
    """Return about the direction (dim,) in which vectors (n, dim) differ most."""
    off = shown - shown.mean(axis=0)
    direction: Vectors = off[np.argmax((off * off).sum(axis=1))]
    for _ in range(_STEPS):
        direction = off.T @ (off @ direction)
        direction /= max(float(np.linalg.norm(direction)), 1e-12)
    return direction
