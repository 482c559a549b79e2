"""Embedding for training: in one process, and through one or more running encoders, a CPU thread each.

`python -m benchmarks.remote_embedding [ENCODERS] [LISTINGS]` (1 and 300) encodes a sample catalog with the
bundled profile and prints listings per second, the most embedding blocks that Redis held, and how far the
vectors differ.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from redis import Redis

from benchmarks.report import publish
from local.stack import Stack
from samples import write_catalog
from shared.ledger import keys
from shared.messages import Listing
from shared.profile import load_profile
from shared.settings import CommonSettings, EncoderSettings
from workers.encoder.models import build_encoders
from workers.index.arrays import MODALITIES
from workers.trainer.embedding import Embeddings, embed
from workers.trainer.remote import embed_remotely

# Identical content would come from the cache the second time.
_SETTINGS = {"DOPPEL_BULK_THREADS": "1", "DOPPEL_CACHE_TTL_S": "0"}
_MOST_WAITING = 8


@contextmanager
def watched(redis_url: str) -> Iterator[list[int]]:
    """Count the embedding blocks in Redis while the block runs; the last number is the most."""
    found, stop = [0], threading.Event()

    def look() -> None:
        with Redis.from_url(redis_url) as redis:
            while not stop.wait(0.02):
                held = sum(1 for _ in redis.scan_iter(f"{keys.PREFIX}emb:*", count=1000))
                found.append(max(found[-1], held))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def largest_difference(a: Embeddings, b: Embeddings) -> float:
    """Return by how much any number of any vector differs: real models round by batch.

    Raises:
        KeyError: a listing has no vector in `b`.
    """
    pairs = [(a.vectors[m][name], b.vectors[m][name]) for m in MODALITIES for name in a.vectors[m]]
    values = [[np.frombuffer(data, "<f2").astype(np.float64) for data in pair] for pair in pairs]
    return max(float(np.abs(one - other).max()) for one, other in values)


def main() -> None:
    """Measure, print, write the report."""
    encoders = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    figures: dict[str, float | int] = {"listings": count}
    with tempfile.TemporaryDirectory() as folder, Stack(profile="bundled", settings=_SETTINGS) as stack:
        root = Path(folder)
        write_catalog(root, listings=count, seed=7)
        rows = [json.loads(line) for line in (root / "listings.ndjson").read_text("utf-8").splitlines()]
        listings = [Listing(id=row["id"], title=row["title"], image=row["image"] or None) for row in rows]
        profile, manifest = load_profile("bundled", Path("artifacts"))
        built = build_encoders(profile, manifest, EncoderSettings(threads=1))
        built.warm_up(32)
        started = time.monotonic()
        here = embed(listings, root, built)
        figures["in_process_per_s"] = round(count / (time.monotonic() - started), 1)
        common = CommonSettings(redis_url=stack.redis_url, spool_url=str(stack.run_dir / "spool"))
        stack.up("redis", "gateway", "reconciler", "encoder")
        for number in range(1, encoders + 1):
            if number > 1:
                stack.start(f"encoder.{number}")
            stack.wait_ready(180)
            with watched(stack.redis_url) as held:
                started = time.monotonic()
                there = embed_remotely(listings, root, common, most_waiting=_MOST_WAITING)
                figures[f"through_{number}_per_s"] = round(count / (time.monotonic() - started), 1)
            figures[f"most_blocks_with_{number}"] = held[-1]
        figures["largest_difference"] = round(largest_difference(here, there), 6)
    publish("remote_embedding", figures)


if __name__ == "__main__":
    main()
