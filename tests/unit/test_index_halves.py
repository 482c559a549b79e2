"""Vectors as they are stored."""

import numpy as np

from workers.index.halves import widened


def test_every_finite_value_is_the_same_when_it_is_widened() -> None:
    values = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = values[np.isfinite(values)].reshape(-1, 64)
    room = np.full((len(finite) + 3, 64), 7, np.float32)
    found = widened(finite, room)
    assert found.tobytes() == finite.astype(np.float32).tobytes()
    assert (room[len(finite) :] == 7).all()
