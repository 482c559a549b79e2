"""One run: a stack up, a catalog in, duplicates out, everything down again."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from client import Doppel, Job
from client.progress import progress_view
from local.demo.cards import Shelf, make_cards
from local.demo.catalog import described, sample_catalog
from local.demo.metrics import measure
from local.demo.queries import ask
from local.demo.report import Outcome, write_figures, write_sheets
from local.demo.tables import print_groups, print_metrics, print_seconds
from local.demo.timing import Timing
from local.leftovers import end_leftovers
from local.stack import Stack

CATALOG = "demo"
# Often enough to see each stage of a short job.
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Data of the run go to `run_dir`, which is emptied first, what was found goes to `reports`; sample catalogs
    are kept in `samples` for the next run.
    """

    run_dir: Path
    samples: Path
    reports: Path
    settings: Mapping[str, str]
    profile: str
    listings: int = 600
    seed: int = 7


def demonstrate(plan: Plan, console: Console) -> Outcome:
    """Run the demonstration.

    Raises:
        LocalError: a process ended, or the stack did not become ready.
        DoppelError: the submission or a query failed.
    """
    end_leftovers(plan.run_dir)
    shutil.rmtree(plan.run_dir, ignore_errors=True)
    timing = Timing()
    with Stack(plan.run_dir, profile=plan.profile, settings=plan.settings) as stack:
        console.rule("stack and sample catalog", align="left")
        console.print(f"starting the processes; logs are in {stack.run_dir / 'logs'}", highlight=False)
        stack.up()
        with timing.stage("sample"):
            sample = sample_catalog(plan.samples, listings=plan.listings, seed=plan.seed)
        console.print(described(sample), highlight=False)
        with timing.stage("start"):
            stack.wait_ready(180)
        console.print(f"ready: {stack.url}", highlight=False)
        with Doppel(stack.url) as doppel:
            outcome = _run(plan, doppel, sample, timing, console)
        with timing.stage("down"):
            stack.close()
    outcome = replace(outcome, seconds=timing.rounded())
    print_seconds(console, outcome.seconds)
    console.print(f"figures: {write_figures(plan.reports, outcome)}", highlight=False)
    return outcome


def _run(plan: Plan, doppel: Doppel, sample: Path, timing: Timing, console: Console) -> Outcome:
    console.rule("catalog.zip submitted", align="left")
    job = _submit(doppel, sample / "catalog.zip", timing, console)
    shelf = Shelf.read(sample)
    with timing.stage("results"):
        groups, pairs = list(doppel.groups(job.id)), list(doppel.pairs(job.id))
    truth = json.loads((sample / "truth.json").read_text(encoding="utf-8"))
    metrics = measure(truth, groups, pairs)
    print_groups(console, groups, shelf)
    with timing.stage("queries"):
        ask(doppel, console, CATALOG, groups, shelf)
    console.rule("figures", align="left")
    print_metrics(console, metrics)
    outcome = Outcome(plan.listings, plan.seed, plan.profile, job, metrics, {})
    with timing.stage("sheets"):
        html, png = write_sheets(plan.reports, outcome, make_cards(shelf, groups, pairs))
    console.print(f"contact sheet: {html} and {png}", highlight=False)
    return outcome


def _submit(doppel: Doppel, archive: Path, timing: Timing, console: Console) -> Job:
    with timing.stage("upload"):
        job = doppel.submit(CATALOG, archive)
    console.print(f"job {job.id} accepted", highlight=False)
    with progress_view(console) as view:

        def note(now: Job) -> None:
            timing.job(now)
            view(now)

        return doppel.wait(job.id, on_progress=note, poll_s=_POLL_S, timeout_s=600)
