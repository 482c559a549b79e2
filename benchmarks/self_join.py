"""What is near to every listing of a large catalog: found in cells, and by comparing each with every other.

`python -m benchmarks.self_join [LISTINGS]` (100,000 if not told) searches the image and the text vectors of a
catalog of twins for the neighbours of each, with the index of the worker, its filling included, and with
`faiss.knn`, in the same process with the same number of threads. CPU time; recall of the pairs that
`faiss.knn` finds, a listing with itself left out.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import faiss
import numpy as np

from benchmarks.report import publish
from benchmarks.twins import MODELS, parts
from workers.index.arrays import MODALITIES, Keys, Modality, Neighbours, Vectors
from workers.index.keys import key_of
from workers.index.neighbourhood import LEAST_SEARCHED
from workers.index.sized_index import SizedIndex
from workers.index.store.listings import unit_vectors

CHUNK: Final = 1000
# As many as a slice of a job searches for with what is near to its listings.
AT_ONCE: Final = 8192
_faiss: Any = faiss


def data(listings: int) -> dict[Modality, tuple[Keys, Vectors]]:
    """Return keys (n,) and vectors (n, dim) of a catalog, per modality."""
    keys: dict[Modality, list[int]] = {modality: [] for modality in MODALITIES}
    vectors: dict[Modality, list[Vectors]] = {modality: [] for modality in MODALITIES}
    for part in parts(listings, CHUNK):
        for modality in MODALITIES:
            held = part.arrival.vectors[modality]
            keys[modality] += [key_of(part.arrival.listings[row].id) for row in held]
            vectors[modality].append(unit_vectors(list(held.values())))
    return {each: (np.array(keys[each], np.int64), np.concatenate(vectors[each])) for each in MODALITIES}


def ours(keys: Keys, vectors: Vectors) -> list[Neighbours]:
    """Fill an index as a job does, and search it for each of the vectors."""
    index = SizedIndex(vectors.shape[1])
    blocks = [slice(start, start + AT_ONCE) for start in range(0, len(keys), AT_ONCE)]
    for block in blocks:
        index.upsert(keys[block], vectors[block])
    return [near for block in blocks for near in index.search(vectors[block], LEAST_SEARCHED)]


def exact(keys: Keys, vectors: Vectors) -> Keys:
    """Return the keys of the nearest of each (n, LEAST_SEARCHED)."""
    near = _faiss.knn(vectors, vectors, LEAST_SEARCHED, metric=_faiss.METRIC_INNER_PRODUCT)[1]
    named: Keys = keys[near]
    return named


def recall(keys: Keys, found: list[Neighbours], true: Keys) -> float:
    """Return the share of the true pairs that were found, a listing with itself left out."""
    others = true != keys[:, None]
    hits = [np.isin(row, near.keys) for row, near in zip(true, found, strict=True)]
    return float((np.array(hits) & others).sum() / others.sum())


def main() -> None:
    """Measure, print, write the report."""
    listings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    _faiss.omp_set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    figures: dict[str, Any] = {"listings": listings, "threads": _faiss.omp_get_max_threads()}
    spent, recalls = {"ours": 0.0, "exact": 0.0}, []
    for modality, (keys, vectors) in data(listings).items():
        found, ours_s = timed(lambda k=keys, v=vectors: ours(k, v))  # type: ignore[misc]
        true, exact_s = timed(lambda k=keys, v=vectors: exact(k, v))  # type: ignore[misc]
        recalls.append(recall(keys, found, true))
        figures |= {
            f"{modality}.dimension": MODELS[modality][1],
            f"{modality}.recall": round(recalls[-1], 4),
            f"{modality}.cpu_s": round(ours_s, 1),
            f"{modality}.exact_cpu_s": round(exact_s, 1),
        }
        spent = {"ours": spent["ours"] + ours_s, "exact": spent["exact"] + exact_s}
    figures |= {"recall": round(min(recalls), 4), "vs_exact": round(spent["ours"] / spent["exact"], 3)}
    publish("self_join", figures)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what it returns, and the CPU seconds that it takes."""
    started = time.process_time()
    done = work()
    return done, time.process_time() - started


if __name__ == "__main__":
    main()
