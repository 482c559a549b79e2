"""What must have come of every job and be in every catalog. Each function returns what is wrong."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from tests.soak.goods import Submission
from tests.support import Json


def _few(names: Iterable[object]) -> str:
    some = sorted(str(name) for name in names)
    return ", ".join(some[:5]) + (f" and {len(some) - 5} more" if len(some) > 5 else "")


def wrong_in_job(sent: Submission, job: Json, outcome: Json) -> list[str]:
    """Compare an ended job and its outcome with what was sent."""
    if job["status"] != "succeeded":
        return [f"ended as {job['status']}: {job['error']}"]
    counts, wrong = job["counts"], []
    for name, must in (("rows", len(sent.rows)), ("listings", len(sent.listings))):
        if counts[name] != must:
            wrong.append(f"{counts[name]} {name}, not {must}")
    if counts["rows"] != counts["listings"] + counts["rejected"]:
        wrong.append(
            f"{counts['rows']} rows are not {counts['listings']} listings + {counts['rejected']} rejected"
        )
    found = {each["listing_id"]: each["code"] for each in outcome["rejections"]}
    if found != sent.rejections or len(outcome["rejections"]) != counts["rejected"]:
        wrong.append(f"rejections differ: {_few(found.items() ^ sent.rejections.items())}")
    return wrong + _wrong_pairs(sent, outcome["pairs"]) + _wrong_groups(outcome["groups"])


def _wrong_pairs(sent: Submission, pairs: list[Json]) -> list[str]:
    wrong = []
    times = Counter((pair["a"], pair["b"]) for pair in pairs)
    if twice := [pair for pair, count in times.items() if count > 1]:
        wrong.append(f"pairs told twice: {_few(twice)}")
    if stranger := [pair for pair in times if not sent.listings.intersection(pair)]:
        wrong.append(f"pairs of others' listings: {_few(stranger)}")
    duplicates = {(pair["a"], pair["b"]) for pair in pairs if pair["verdict"] == "duplicate"}
    if missed := sent.twins - duplicates:
        wrong.append(f"twins not found: {_few(missed)}")
    return wrong


def _wrong_groups(groups: list[Json]) -> list[str]:
    times = Counter(member["id"] for group in groups for member in group["members"])
    twice = [name for name, count in times.items() if count > 1]
    return [f"in two groups: {_few(twice)}"] if twice else []


def wrong_in_store(path: Path, held: Collection[str], *, all_of_them: bool = True) -> list[str]:
    """Compare a catalog's file with the ids that it has to hold, each once; or only may hold."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        times = Counter(row[0] for row in store.execute("SELECT id FROM listings"))
    wrong = []
    if twice := [name for name, count in times.items() if count > 1]:
        wrong.append(f"stored twice: {_few(twice)}")
    if strange := times.keys() - set(held):
        wrong.append(f"stored, never taken: {_few(strange)}")
    if all_of_them and (lost := set(held) - times.keys()):
        wrong.append(f"LOST, {len(lost)} listings: {_few(lost)}")
    return wrong


def wrong_jobs(accepted: Collection[str], seen: Mapping[str, bool]) -> list[str]:
    """Compare the jobs that clients were told of with the ledger's, which says of each if it was sealed."""
    real = {job for job, sealed in seen.items() if sealed}
    wrong = []
    if extra := real - set(accepted):
        wrong.append(f"jobs that no client was told of: {_few(extra)}")
    if missing := set(accepted) - real:
        wrong.append(f"jobs that the ledger never showed: {_few(missing)}")
    return wrong
