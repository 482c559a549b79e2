"""What a lexical search finds that follows the rarest features alone, and what it costs, beside an exact one.

`python -m benchmarks.lexical_recall [LISTINGS]` (100,000 if not told): titles of samples; CPU time of 1,000
searches at once, and the share of the ten nearest found.
"""

import sys
import time
from typing import Any, Final

import numpy as np

from benchmarks.report import publish
from samples.plan import plan
from shared.titles import normalise_title
from workers.index.arrays import Keys, Neighbours, Rows
from workers.index.keys import keys_of
from workers.index.ngrams import count_ngrams
from workers.index.tfidf_index import TfidfIndex

K: Final = 10
SEARCHES: Final = 1000
CHUNK: Final = 10_000
_SEED: Final = 5


def main() -> None:
    """Measure, print, write the report."""
    listings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    planned = [each for each in plan(listings, _SEED) if each.title]
    keys = keys_of(each.id for each in planned)
    rows = count_ngrams([normalise_title(each.title) for each in planned])
    asked = rows[:: max(1, len(keys) // SEARCHES)][:SEARCHES]
    exact, exact_ms = _searched(TfidfIndex(exact=listings), keys, rows, asked)
    found, bounded_ms = _searched(TfidfIndex(exact=0), keys, rows, asked)
    hits = [np.isin(true.keys[:K], near.keys).mean() for true, near in zip(exact, found, strict=True)]
    figures: dict[str, Any] = {
        "listings": listings,
        f"recall_at_{K}": round(float(np.mean(hits)), 4),
        "cpu_ms": round(bounded_ms, 3),
        "exact_cpu_ms": round(exact_ms, 3),
    }
    publish("lexical_recall", figures)


def _searched(index: TfidfIndex, keys: Keys, rows: Rows, asked: Rows) -> tuple[list[Neighbours], float]:
    """Return what is near to each, and the CPU milliseconds that one search takes."""
    for start in range(0, len(keys), CHUNK):
        index.upsert(keys[start : start + CHUNK], rows[start : start + CHUNK])
    # The first search makes the columns.
    index.search(asked[:1], K)
    started = time.process_time()
    found = index.search(asked, K)
    return found, (time.process_time() - started) / asked.shape[0] * 1000


if __name__ == "__main__":
    main()
