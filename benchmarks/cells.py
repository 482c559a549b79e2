"""What the number of cells that are searched gives and costs, beside exact search.

`python -m benchmarks.cells [LISTINGS]` (100,000 if not told) searches the image vectors of a catalog of twins
for what is near to each; CPU time, and recall of the exact twelve nearest of 2,000 of them.
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.report import publish
from benchmarks.twins import MODELS, parts
from workers.index.arrays import Keys, Vectors
from workers.index.cell_index import LEAST, CellIndex
from workers.index.faiss_index import FaissIndex
from workers.index.keys import key_of
from workers.index.store.listings import unit_vectors

K = 12
PROBES = (8, 16, 24, 32, 48)
CHECKED = 2000
# As many as one slice of a job may search for.
TIMED = 6000


def data(listings: int) -> tuple[Keys, Vectors]:
    """Return keys (n,) and image vectors (n, dim) of a catalog."""
    keys, vectors = [], []
    for part in parts(listings, 1000):
        held = part.arrival.vectors["image"]
        keys += [key_of(part.arrival.listings[row].id) for row in held]
        vectors.append(unit_vectors(list(held.values())))
    return np.array(keys, np.int64), np.concatenate(vectors)


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU seconds that it takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """Measure, print, write the report."""
    listings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    keys, vectors = data(listings)
    dim = MODELS["image"][1]
    exact = FaissIndex(dim)
    exact.upsert(keys, vectors)
    checked, timed = (vectors[:: max(1, len(keys) // count)][:count] for count in (CHECKED, TIMED))
    true = exact.search(checked, K)
    whole = cpu_s(lambda: exact.search(timed, K)) / len(timed) * len(keys)
    figures: dict[str, object] = {"vectors": len(keys), "exact.self_join_cpu_s": round(whole, 1)}
    for probes in PROBES:
        cells = CellIndex(dim, min(LEAST, listings // 2), probes)
        filled = cpu_s(lambda index=cells: _fill(index, keys, vectors))  # type: ignore[misc]
        spent = filled + cpu_s(lambda index=cells: index.search(timed, K)) / len(timed) * len(keys)  # type: ignore[misc]
        found = cells.search(checked, K)
        recall = np.mean([np.isin(b.keys, a.keys).mean() for a, b in zip(found, true, strict=True)])
        one = cpu_s(lambda index=cells: [index.search(timed[[i]], K) for i in range(20)]) / 20  # type: ignore[misc]
        figures[f"{probes}.recall"] = round(float(recall), 4)
        figures[f"{probes}.fill_cpu_s"] = round(filled, 1)
        figures[f"{probes}.fill_and_self_join_cpu_s"] = round(spent, 1)
        figures[f"{probes}.one_query_cpu_ms"] = round(one * 1000, 1)
    publish("cells", figures)


def _fill(index: CellIndex, keys: Keys, vectors: Vectors) -> None:
    for start in range(0, len(keys), 10_000):
        index.upsert(keys[start : start + 10_000], vectors[start : start + 10_000])


if __name__ == "__main__":
    main()
