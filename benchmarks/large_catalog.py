"""A large catalog of twins on disk, filled once, and what it costs the index worker to fill it."""

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from benchmarks.report import memory_mb
from benchmarks.twins import parts
from shared.ledger import Claim
from shared.messages import JobOptions, UnitHint
from workers.index.catalog import Catalog
from workers.index.catalogs import Catalogs
from workers.index.regroup import regroup
from workers.index.sized_index import SizedIndex
from workers.index.tfidf_index import TfidfIndex

SLICE: Final = 256
CHUNK: Final = 256
JOB: Final = "job"
NAME: Final = "large"
MAX_GROUP: Final = 50


class PlayedUnits:
    """Lets every unit be done."""

    def complete(self, _: Claim) -> tuple[UnitHint, ...]:
        """Say that nothing became possible."""
        return ()


class PlayedLedger:
    """Says of every job that it is one submission to the catalog."""

    units = PlayedUnits()

    def read(self, _: str) -> SimpleNamespace:
        """Return what the index worker reads of the job."""
        return SimpleNamespace(options=JobOptions(catalog=NAME), counts={"slice_listings": SLICE})


def catalogs_in(folder: Path) -> Catalogs:
    """Return the folder's catalogs, as the index worker opens them."""
    return Catalogs(folder, SizedIndex, TfidfIndex, most_open=2)


def fill(folder: Path, listings: int) -> dict[str, Any]:
    """Ingest the listings chunk by chunk; return what it cost, without the making of the twins.

    What was filled before is left as it is.
    """
    told = folder / "filled.json"
    if told.is_file():
        return dict(json.loads(told.read_text()))
    catalogs, spent = catalogs_in(folder), Costs()
    catalog = catalogs.get_or_create(NAME)
    for part in parts(listings, CHUNK):
        with spent:
            catalog.ingest(JOB, str(part.start), 0, part.arrival)
    catalogs.close()
    figures = spent.of("fill") | {"fill_peak_mb": round(memory_mb(os.getpid(), peak=True))}
    told.write_text(json.dumps(figures))
    return figures


class Costs:
    """Wall and CPU seconds of the blocks that it was entered for."""

    def __init__(self) -> None:
        self.walls: list[float] = []
        self.cpus: list[float] = []

    def __enter__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.walls.append(time.perf_counter() - self._wall)
        self.cpus.append(time.process_time() - self._cpu)

    def of(self, name: str) -> dict[str, float]:
        """Return them as figures."""
        return {f"{name}_s": round(sum(self.walls), 3), f"{name}_cpu_s": round(sum(self.cpus), 3)}

    def spread(self, name: str) -> dict[str, float]:
        """Return median and 95th percentile of the blocks, in milliseconds."""
        return {
            f"{name}_{kind}p{share}_ms": round(float(np.percentile(seconds, share)) * 1000, 1)
            for kind, seconds in (("", self.walls), ("cpu_", self.cpus))
            for share in (50, 95)
        }


def grouped(catalog: Catalog) -> dict[str, Any]:
    """Make the groups of a catalog whose pairs are there."""
    spent = Costs()
    with spent:
        regroup(catalog, MAX_GROUP)
    pairs, groups = (
        catalog.database.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - two names
        for table in ("pairs", "groups")
    )
    return spent.of("group") | {"pairs": pairs, "groups": groups}


def apart(work: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    """Do the work in a process of its own, whose memory is its own, too."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(work, *arguments).result()
