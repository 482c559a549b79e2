"""What the index worker costs as a catalog grows: matching stage by stage, searching, opening, memory.

`python -m benchmarks.index_scale [LISTINGS …] [--slices N] [--queries N] [--keep FOLDER] [--plot FILE]`
(10,000, 30,000 and 100,000 if not told; what is kept is filled once) fills a catalog with twins, opens it in
a new process up to its first answer, answers searches as they come one by one, and matches slices from the
middle of a job that is the whole catalog, as the worker does it. Sizes that are measured one at a time come
together in the report, and in the picture.

The first slices search for nearly every listing, since what surrounds each candidate counts, too, and what
was found is remembered. The figure for a whole job is therefore put together: what a search for a listing
costs times all listings, what else a slice costs times all slices, and once what the job's order costs. The
slices follow each other, as in a job, since each finds some of what it needs at hand from those before; the
first of them find less than most do, so the figure is rather too high, the fewer slices the more. With as
many slices as there are (a number that is too large will do) it is what all of them took, and groups are
made, too; what is kept then holds the job's outcome, and costs nothing when it is matched again.
`growth_exponent` is that of this figure, over all sizes that were measured: 1 is as many listings, as many
times the work.
"""

import argparse
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.large_catalog import JOB, NAME, SLICE, Costs, PlayedLedger, apart, catalogs_in, fill, grouped
from benchmarks.report import REPORTS, memory_mb, publish
from benchmarks.scale_plot import draw, exponent
from benchmarks.stages import Stages
from benchmarks.twins import MODELS, products_of
from shared.ledger import Claim
from shared.limits import Limits
from workers.index import candidates, matcher, sides
from workers.index.arrays import Keys, Modality, Rows, Vectors
from workers.index.catalog import Catalog
from workers.index.catalogs import Catalogs
from workers.index.classifiers import Calibration, Classifiers, load_calibration
from workers.index.halves import units_of
from workers.index.keys import key_of, keys_of
from workers.index.match import MatchSlice
from workers.index.matcher import Matcher, context_of, models_of
from workers.index.neighbourhood import Neighbourhood
from workers.index.store import JobTable, ListingTable, PairTable
from workers.index.stored_sides import stored_sides

SIZES: Final = [10_000, 30_000, 100_000]
K: Final = 10
MILLION: Final = 1_000_000
BUNDLED: Final = Path(__file__).parents[1] / "artifacts/bundled/classifier.json"
MAIN: Final = (
    ("ingest_cpu_s", "fill_cpu_s"),
    ("open_s", "open_s"),
    ("open_cpu_s", "open_cpu_s"),
    ("search_p50_ms", "search_p50_ms"),
    ("search_p95_ms", "search_p95_ms"),
    ("search_cpu_p50_ms", "search_cpu_p50_ms"),
    ("search_cpu_p95_ms", "search_cpu_p95_ms"),
    ("peak_rss_mb", "most_mb"),
    ("bytes_per_listing", "open_bytes_per_listing"),
    (f"recall_image_at_{K}", f"image_recall_at_{K}"),
    (f"recall_text_at_{K}", f"text_recall_at_{K}"),
)
SEARCHES: Final = ("image search", "text search", "lexical search")
# All slices of a million listings take hours.
_TOLD_EVERY: Final = 100
ONCE: Final = ("order", "job's listings")


def measure(folder: Path, listings: int, slices: int, queries: int) -> dict[str, Any]:
    """Open the catalog, search it, match slices of it."""
    before, spent = memory_mb(os.getpid()), Costs()
    catalogs = catalogs_in(folder)
    with spent:
        catalog = catalogs.get(NAME)
        ids = catalog.jobs.listings(JOB)
        # What is left to make when it is needed first belongs to the opening.
        _searched(catalog, ids, 1)
    figures: dict[str, Any] = spent.of("open")
    held = memory_mb(os.getpid()) - before
    figures |= {"open_mb": round(held), "open_bytes_per_listing": round(held * 2**20 / listings)}
    figures |= _searched(catalog, ids, queries)
    figures |= _recall(catalog, ids, queries)
    stages = _watched(catalog)
    every = -(-listings // SLICE)
    figures |= _matched(catalogs, stages, listings, min(slices, every))
    if slices >= every:
        figures |= grouped(catalog)
    figures["peak_mb"] = round(memory_mb(os.getpid(), peak=True))
    return figures


def _searched(catalog: Catalog, ids: list[str], queries: int) -> dict[str, Any]:
    """Search for listings of the catalog, one by one, with nothing remembered of the one before."""
    decider, limits, spent = _matcher(), Limits.all(K), Costs()
    for listing in _spread(ids, queries):
        asked = stored_sides(catalog, keys_of([listing]))
        with spent:
            found = candidates.pairs_of(asked, catalog, limits)
            decider.score(found, context_of(catalog), models_of(catalog), None)
    return spent.spread("search")


def _recall(catalog: Catalog, ids: list[str], queries: int) -> dict[str, Any]:
    """Return which share of the exact K neighbours, and of the twins, a search finds for some listings."""
    figures: dict[str, Any] = {}
    products = {key_of(listing): product for listing, product in products_of(len(ids)).items()}
    for modality, index in catalog.vectors.items():
        everyone, keys = (
            kept[catalog.has(modality, kept)] for kept in (keys_of(ids), keys_of(_spread(ids, queries)))
        )
        sizes = Counter(products[key] for key in everyone.tolist())
        found = index.search(index.vectors(keys), K)
        exact = _exact(catalog.listings, modality, index.vectors(keys))
        hits = sum(int(np.isin(b, a.keys).sum()) for a, b in zip(found, exact, strict=True))
        own = [products[key] for key in keys.tolist()]
        twins = sum(
            products[near] == each for each, a in zip(own, found, strict=True) for near in a.keys.tolist()
        )
        figures[f"{modality}_recall_at_{K}"] = round(hits / exact.size, 4)
        figures[f"{modality}_twins_found"] = round(twins / sum(min(K, sizes[each]) for each in own), 4)
    return figures


def _exact(table: ListingTable, modality: Modality, queries: Vectors) -> Keys:
    """Return the keys of the K nearest (n, K), from the store, by comparing with every vector."""
    keys, scores = np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32)
    for part, halves in table.vectors(modality):
        keys = np.hstack([keys, np.broadcast_to(part, (len(queries), len(part)))])
        scores = np.hstack([scores, queries @ units_of(halves).T])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :K]
        keys, scores = np.take_along_axis(keys, best, 1), np.take_along_axis(scores, best, 1)
    return keys


def _matched(catalogs: Catalogs, stages: Stages, listings: int, slices: int) -> dict[str, Any]:
    """Match slices that follow each other and reckon what all of them would cost."""
    ledger: Any = PlayedLedger()
    stage, every = MatchSlice(ledger, catalogs, _matcher()), -(-listings // SLICE)
    spent = Costs()
    first = (every - slices) // 2
    for done, unit in enumerate(range(first, first + slices), 1):
        with spent, stages.stage("other"):
            stage(Claim(JOB, "match", str(unit), "claimed", 1, ""))
        if done % _TOLD_EVERY == 0:
            print(f"{done} of {slices} slices: {spent.of('matched')}", flush=True)
    figures: dict[str, Any] = {"slices_matched": len(spent.walls), **spent.of("matched")}
    for name, seconds in sorted(stages.seconds.items(), key=lambda item: -item[1]):
        figures[f"stage.{name}_cpu_s"] = round(seconds, 3)
    searching, per_listing = 0.0, 0.0
    for name in SEARCHES:
        searching += stages.seconds[name]
        each = stages.seconds[name] / max(1, stages.rows[name])
        per_listing += each
        figures[f"{name}_cpu_ms_per_listing"] = round(each * 1000, 4)
    once = sum(stages.seconds[name] for name in ONCE)
    rest = (sum(stages.seconds.values()) - searching - once) / len(spent.walls)
    return figures | {
        "rest_cpu_ms_per_slice": round(rest * 1000, 1),
        "whole_job_searching_cpu_s": round(per_listing * listings, 1),
        "whole_job_cpu_s": round(per_listing * listings + rest * every + once, 1),
    }


def _watched(catalog: Catalog) -> Stages:
    """Put a stopwatch into what a slice goes through."""
    stages = Stages()
    for modality, index in catalog.vectors.items():
        stages.watch(index, "search", f"{modality} search", _queries)
        stages.watch(index, "vectors", "vectors read")
    stages.watch(catalog.lexical, "search", "lexical search", _queries)
    stages.watch(catalog.lexical, "rows", "n-grams read")
    stages.watch(catalog, "has", "vectors read")
    stages.watch(Neighbourhood, "of_stored", "lists kept")
    stages.watch(ListingTable, "get", "listings read")
    stages.watch(sides, "facts_of", "facts")
    stages.watch(candidates, "candidates_of", "lists cut")
    stages.watch(candidates, "near_of", "lists cut")
    stages.watch(matcher, "measure", "features")
    stages.watch(matcher, "decide", "verdicts")
    stages.watch(catalog, "alike", "order")
    stages.watch(JobTable, "put_order", "order")
    stages.watch(JobTable, "covers_catalog", "job's listings")
    stages.watch(JobTable, "listings", "job's listings")
    stages.watch(JobTable, "put_pairs", "pairs written")
    stages.watch(PairTable, "put", "pairs written")
    stages.watch(PairTable, "drop", "pairs written")
    return stages


def _queries(queries: Vectors | Rows, *_: object) -> int:
    return int(queries.shape[0])


def _matcher() -> Matcher:
    """Return what decides as in the profile `bundled`, as if its classifier had been made for the twins."""
    made = load_calibration(BUNDLED).classifier
    models = {modality: name for modality, (name, _) in MODELS.items()}
    return Matcher(
        Classifiers([Calibration(made.model_copy(update={"models": models}), None)]), pair_floor=0.05
    )


def _spread(ids: list[str], count: int) -> list[str]:
    return ids[:: max(1, len(ids) // count)][:count]


def main() -> None:
    """Measure every size in processes of its own, print a table, write the report."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("listings", nargs="*", type=int, default=SIZES)
    arguments.add_argument("--slices", type=int, default=8, help="slices to match, one after the other")
    arguments.add_argument(
        "--queries", type=int, default=64, help="searches to time, and to check for recall"
    )
    arguments.add_argument("--keep", type=Path, help="folder in which the catalogs stay, one for each size")
    arguments.add_argument("--plot", type=Path, help="PNG to draw of all sizes in the report")
    chosen = arguments.parse_args()
    report: dict[int, dict[str, Any]] = {}
    for listings in chosen.listings:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) if chosen.keep is None else chosen.keep / str(listings)
            folder.mkdir(parents=True, exist_ok=True)
            report[listings] = apart(fill, folder, listings)
            report[listings] |= apart(measure, folder, listings, chosen.slices, chosen.queries)
            peaks = (report[listings][name] for name in ("fill_peak_mb", "peak_mb"))
            report[listings]["most_mb"] = max(peaks)
    everything = dict(sorted((_measured_before() | report).items()))
    table = _table(everything)
    publish("index_scale", {"sizes": list(everything), **table, **_summed_up(everything, table)})
    if len(everything) > 1 and chosen.plot:
        draw(list(everything), table, chosen.plot)


def _measured_before() -> dict[int, dict[str, Any]]:
    """Return the figures of the report that is there, by size."""
    path = REPORTS / "index_scale.json"
    report = json.loads(path.read_text()) if path.is_file() else {}
    lists = {name: values for name, values in report.items() if isinstance(values, list)}
    sizes = lists.pop("sizes", [])
    return {size: {name: values[i] for name, values in lists.items()} for i, size in enumerate(sizes)}


def _table(measured: dict[int, dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for figures in measured.values() for name in figures)
    return {name: [figures.get(name) for figures in measured.values()] for name in names}


def _summed_up(measured: dict[int, dict[str, Any]], table: dict[str, list[Any]]) -> dict[str, Any]:
    """Return the main figures: those of a million listings, and how time grows."""
    found = {f"million_{name}": measured[MILLION][figure] for name, figure in MAIN if MILLION in measured}
    if len(measured) > 1:
        for name, figure in (
            ("growth_exponent", "whole_job_cpu_s"),
            ("search_growth_exponent", "search_cpu_p50_ms"),
        ):
            found[name] = exponent(list(measured), table[figure])
    return found


if __name__ == "__main__":
    main()
