"""`doppel status`, `jobs`, `watch` and `cancel`."""

from typing import Annotated

import typer

from client.commands.submissions import follow, print_outcome
from client.console import DEFAULT_URL, FormatOption, JobId, Key, Limit, Url, notes, output, print_rows, shown
from client.doppel import Doppel
from client.stages import line, stages

_COLUMNS = {
    "job": lambda job: job.id,
    "kind": lambda job: job.kind,
    "catalog": lambda job: job.catalog or "",
    "status": lambda job: job.status,
    "stage": lambda job: "" if job.ended else job.stage or "",
    "listings": lambda job: f"{job.counts.get('rows', 0):,}",
    "duplicates": lambda job: f"{job.counts.get('duplicates', 0):,}",
    "created": lambda job: (job.created_at or "")[:19].replace("T", " "),
}


def status(job_id: JobId, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Print how far a job is."""
    with Doppel(url, key=key) as doppel:
        job = doppel.job(job_id)
    console = output()
    console.print(f"{job.id}  {job.kind}  {line(job)}", highlight=False)
    if job.stages:
        for stage in stages(job):
            console.print(f"  {stage.name:<10} {stage.text} {stage.unit}", highlight=False)
    if job.error:
        told = f"{job.error.get('code')}: {job.error.get('detail')}"
        console.print(f"  {shown(told)}", highlight=False, markup=False)


def jobs(
    status: Annotated[str | None, typer.Option(help="Only those of this status.")] = None,
    catalog: Annotated[str | None, typer.Option(help="Only those of this catalog.")] = None,
    limit: Limit = 20,
    form: FormatOption = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List submissions and rematches, newest first."""
    with Doppel(url, key=key) as doppel:
        print_rows(doppel.jobs(status=status, catalog=catalog), _COLUMNS, form, limit)


def watch(job_id: JobId, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show a job's progress until it ended."""
    console = notes()
    with Doppel(url, key=key) as doppel:
        print_outcome(follow(doppel, job_id, console), console)


def cancel(job_id: JobId, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Cancel a job; one that ended stays as it is."""
    with Doppel(url, key=key) as doppel:
        output().print(f"{job_id}  {doppel.cancel(job_id).status}", highlight=False)
