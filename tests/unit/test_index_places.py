"""Keys and their places, beside a dictionary, across the sizes at which the arrays grow and are sorted."""

import numpy as np
import pytest

from workers.index.places import Places


@pytest.mark.parametrize("step", [1, 37, 5000])
def test_places_are_those_of_a_dictionary(step: int) -> None:
    keys = np.random.default_rng(1).permutation(10**6)[: 9 if step == 1 else 12_000].astype(np.int64)
    places, known = Places(), dict[int, int]()
    for start in range(0, len(keys), step):
        part = keys[start : start + step]
        assert (places.find(part) == -1).all()
        places.append(part)
        known.update({int(key): start + i for i, key in enumerate(part)})
        asked = np.concatenate([keys[: start + step : 11], part, [-5, 10**7]])
        assert places.find(asked).tolist() == [known.get(int(key), -1) for key in asked]
    assert places.keys.tolist() == keys.tolist()
    assert len(places) == len(keys)
