"""A catalog filled and matched by the code of the index worker, without Redis and Celery around it."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from shared.messages import Group, JobOptions, Listing
from workers.index.arrays import MODALITIES, Modality
from workers.index.catalog import Catalog
from workers.index.faiss_index import FaissIndex
from workers.index.keys import keys_of
from workers.index.matcher import Matcher
from workers.index.regroup import regroup
from workers.index.store import open_database
from workers.index.store.pairs import FoundPair
from workers.index.tfidf_index import TfidfIndex
from workers.trainer.embedding import Embeddings

_CHUNK = 256
_JOB = "measured"


@dataclass(frozen=True, slots=True)
class IndexRun:
    """What came of a catalog; `seconds` per stage (ingest, match, groups)."""

    pairs: tuple[FoundPair, ...]
    groups: tuple[Group, ...]
    seconds: dict[str, float]


def index_run(
    folder: Path,
    listings: Sequence[Listing],
    embeddings: Embeddings,
    matcher: Matcher,
    max_group: int,
    modalities: Sequence[Modality] = MODALITIES,
) -> IndexRun:
    """Ingest the listings in this order, chunk by chunk, match all with all, and group.

    `folder` holds the catalog's file; what was in it is removed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    database = open_database(folder / "catalog.db")
    catalog = Catalog("measured", database, FaissIndex, TfidfIndex)
    times = [time.perf_counter()]
    for start in range(0, len(listings), _CHUNK):
        arrival = embeddings.arrival(listings[start : start + _CHUNK], modalities)
        catalog.ingest(_JOB, str(start), 0, arrival)
    times.append(time.perf_counter())
    pairs = _match(catalog, matcher)
    times.append(time.perf_counter())
    regroup(catalog, max_group)
    groups = tuple(catalog.groups.all())
    times.append(time.perf_counter())
    database.close()
    spent = [round(after - before, 1) for before, after in pairwise(times)]
    return IndexRun(tuple(pairs), groups, dict(zip(("ingest", "match", "groups"), spent, strict=True)))


def _match(catalog: Catalog, matcher: Matcher) -> list[FoundPair]:
    options = JobOptions(catalog=catalog.name)
    found: dict[tuple[str, str], FoundPair] = {}
    ids = catalog.jobs.listings(_JOB)
    for start in range(0, len(ids), _CHUNK):
        outcome = matcher.match_within(catalog, keys_of(ids[start : start + _CHUNK]), options, None)
        with catalog.database.transaction():
            catalog.pairs.put(pair.scored for pair in outcome.kept)
            catalog.pairs.drop(outcome.dropped)
        found |= {(pair.a, pair.b): pair for pair in outcome.kept}
        for dropped in outcome.dropped:
            found.pop(dropped, None)
    return [found[ids] for ids in sorted(found)]
