"""Lists of neighbours kept in few arrays."""

from pathlib import Path

import numpy as np

from shared.limits import Limits
from workers.index.arrays import Lists, Neighbours, lists_of
from workers.index.catalogs import Catalogs
from workers.index.faiss_index import FaissIndex
from workers.index.remembered import Remembered
from workers.index.tfidf_index import TfidfIndex


def lists(count: int, seed: int) -> list[Neighbours]:
    random = np.random.default_rng(seed)
    lengths = random.integers(0, 5, count).tolist()
    return [Neighbours(random.integers(0, 10**9, n), np.round(random.random(n), 9)) for n in lengths]


def told(found: list[Neighbours] | Lists) -> list[tuple[list[int], list[float]]]:
    return [(near.keys.tolist(), near.scores.tolist()) for near in found]


def test_lists_come_back_as_they_were_in_any_order() -> None:
    known, keys = Remembered(), np.random.default_rng(0).permutation(10**6)[:9000].astype(np.int64)
    added = lists(len(keys), 1)
    expected = told(added)
    for start in range(0, len(keys), 700):
        known.add(keys[start : start + 700], lists_of(added[start : start + 700]))
        early = known.lists(keys[:5])
    order = np.random.default_rng(2).permutation(len(keys))[:500]
    assert told(known.lists(keys[order])) == [expected[place] for place in order]
    assert told(early) == expected[:5]


def test_what_has_no_list_yet_is_named() -> None:
    known = Remembered()
    known.add(np.array([7, 3]), lists_of(lists(2, 1)))
    known.add(np.empty(0, np.int64), lists_of([]))
    assert known.unknown(np.array([3, 4, 7, 9])).tolist() == [1, 3]
    assert len(known.lists(np.empty(0, np.int64))) == 0


def test_a_request_leaves_the_memory_of_a_job_alone(tmp_path: Path) -> None:
    catalogs = Catalogs(tmp_path, FaissIndex, TfidfIndex, most_open=1)
    catalog = catalogs.get_or_create("shop")
    of_job = catalog.neighbourhood(Limits.all(10))
    assert catalog.neighbourhood(Limits.all(3), keep=False) is not of_job
    assert catalog.neighbourhood(Limits.all(10), keep=False) is of_job
    assert catalog.neighbourhood(Limits.all(3)) is not of_job
    assert catalog.neighbourhood(Limits.all(10)) is not of_job
    catalogs.close()
