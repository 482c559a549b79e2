"""The lexical channel: what it finds, and what searching and changing it costs, beside other engines.

`python -m benchmarks.lexical [LISTINGS]` prints recall at 10 of the labelled matches of Abt-Buy and
Amazon-Google (DOPPEL_DATA or ../shared/data; left out where absent), and costs at 100,000 listings if no
other number is told. Tantivy is measured where it is installed (`pip install tantivy`).
"""

import csv
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.lexical_engines import Engine, engines
from benchmarks.report import memory_mb, publish
from samples.plan import plan
from shared.titles import normalise_title

DATA = Path(os.environ.get("DOPPEL_DATA", "../shared/data"))
FIELDS = {"abt_buy": ("name",), "amazon_google": ("manufacturer", "title")}
K = 10
CHUNK = 256
# The slowest engine would take minutes for a thousand queries.
QUERIES = {"sqlite_fts5_trigram": 64}


def recall(engine: Engine, dataset: str) -> float:
    """Return the share of the labelled matches of all splits found among the first ten, from A to B."""
    titles: dict[str, dict[int, str]] = {}
    for table in ("tableA", "tableB"):
        titles[table] = {
            int(row["id"]): normalise_title(" ".join(row[field] for field in FIELDS[dataset]))
            for row in _rows(DATA / dataset / f"{table}.csv")
        }
    engine.upsert(list(titles["tableB"]), list(titles["tableB"].values()))
    found = dict(
        zip(titles["tableA"], engine.search(list(titles["tableA"].values()), K), strict=True),
    )
    matches = [
        (int(row["ltable_id"]), int(row["rtable_id"]))
        for split in ("train", "valid", "test")
        for row in _rows(DATA / dataset / f"{split}.csv")
        if row["label"] == "1"
    ]
    return sum(b in found[a] for a, b in matches) / len(matches)


def costs(name: str, listings: int) -> dict[str, float]:
    """Return what an engine costs, in wall and CPU seconds; each change includes the search after it."""
    titles = [normalise_title(planned.title) for planned in plan(listings, 5)]
    engine, before = engines()[name](), memory_mb(os.getpid())

    def add(start: int, end: int) -> None:
        engine.upsert(range(start, end), titles[start:end])

    def fill() -> None:
        for start in range(0, listings, CHUNK):
            add(start, min(start + CHUNK, listings))
        engine.search(titles[:1], K)

    def change() -> None:
        add(listings // 2, listings // 2 + CHUNK)
        engine.search(titles[:1], K)

    def delete() -> None:
        engine.delete(range(CHUNK))
        engine.search(titles[-1:], K)

    queries = QUERIES.get(name, 1000)
    middle = titles[listings // 3 : listings // 3 + queries]
    figures = _timed("fill", fill)
    figures["memory_mb"] = round(memory_mb(os.getpid()) - before)
    searched = _timed("search_1000", lambda: engine.search(middle, K))
    figures |= {figure: round(value * 1000 / len(middle), 3) for figure, value in searched.items()}
    return (
        figures
        | _timed("one_query", lambda: engine.search(middle[:1], K))
        | {
            **_timed("upsert_256", change),
            **_timed("delete_256", delete),
        }
    )


def _timed(name: str, work: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        f"{name}_s": round(time.perf_counter() - wall, 3),
        f"{name}_cpu_s": round(time.process_time() - cpu, 3),
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Measure, print, write the report."""
    listings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    figures: dict[str, object] = {"listings": listings}
    if "tantivy" not in engines():
        print("tantivy is not installed and left out", file=sys.stderr)
    for name, make in engines().items():
        for dataset in FIELDS:
            if (DATA / dataset).is_dir():
                figures[f"{name}.recall_at_10.{dataset}"] = round(recall(make(), dataset), 4)
            else:
                print(f"{DATA / dataset} is not there: no recall on it", file=sys.stderr)
        # A process for each, so that memory is its own.
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            measured = process.submit(costs, name, listings).result()
        figures |= {f"{name}.{figure}": value for figure, value in measured.items()}
    publish("lexical", figures)


if __name__ == "__main__":
    main()
