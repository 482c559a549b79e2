"""How long the index worker takes to open a catalog, and where the time goes.

`python -m benchmarks.catalog_open [LISTINGS]` fills a catalog (50,000 if not told: titles of samples,
random vectors of 512 and 384 values), closes it and opens it again.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.report import publish
from samples.plan import plan
from shared.messages import Listing
from workers.index.arrays import Modality
from workers.index.arrival import Arrival
from workers.index.catalog import Catalog
from workers.index.faiss_index import FaissIndex
from workers.index.store import ListingTable, open_database
from workers.index.tfidf_index import TfidfIndex

CHUNK = 1000
MODELS: dict[Modality, tuple[str, int]] = {"image": ("random", 512), "text": ("random", 384)}


def fill(folder: Path, listings: int) -> float:
    """Ingest the listings; return the seconds it took."""
    random = np.random.default_rng(0)
    planned = list(plan(listings, 5))
    database = open_database(folder / "catalog.db")
    catalog = Catalog("large", database, FaissIndex, TfidfIndex)
    started = time.monotonic()
    for start in range(0, listings, CHUNK):
        rows = range(start, min(start + CHUNK, listings))
        vectors: dict[Modality, dict[int, bytes]] = {}
        for modality, (_, dim) in MODELS.items():
            values = random.standard_normal((len(rows), dim)).astype(np.float32)
            values /= np.linalg.norm(values, axis=1, keepdims=True)
            vectors[modality] = {
                row: vector.astype(np.float16).tobytes() for row, vector in zip(rows, values, strict=True)
            }
        arrival = Arrival(
            listings={row: Listing(id=planned[row].id, title=planned[row].title) for row in rows},
            rejections={},
            models=MODELS,
            vectors=vectors,
        )
        catalog.ingest("job", str(start), 1, arrival)
    database.close()
    return time.monotonic() - started


def main() -> None:
    """Measure, print, write the report."""
    listings = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled_s = fill(folder, listings)
        database = open_database(folder / "catalog.db")
        started = time.monotonic()
        for modality, (_, dim) in MODELS.items():
            index = FaissIndex(dim)
            for keys, vectors in ListingTable(database).vectors(modality):
                index.upsert(keys, vectors)
        vectors_s = time.monotonic() - started
        started = time.monotonic()
        Catalog("large", database, FaissIndex, TfidfIndex).load()
        open_s = time.monotonic() - started
        size = sum(file.stat().st_size for file in folder.iterdir())
        database.close()
    report = {
        "listings": listings,
        "fill_s": round(filled_s, 1),
        "open_s": round(open_s, 2),
        "of_which_vectors_s": round(vectors_s, 2),
        "bytes_per_listing_on_disk": round(size / listings),
    }
    publish("catalog_open", report)


if __name__ == "__main__":
    main()
