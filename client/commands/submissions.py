"""`doppel sample` and `doppel submit`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from client.console import DEFAULT_URL, Key, Url, notes, output
from client.doppel import Doppel
from client.errors import NoAnswer
from client.limits import K, KImage, KLexical, KText, Limits
from client.models import Job
from client.progress import progress_view
from samples import write_catalog


def sample(
    directory: Annotated[Path, typer.Argument(help="Folder to write; made if needed.")],
    listings: Annotated[int, typer.Option(min=1, help="How many listings.")] = 600,
    seed: Annotated[int, typer.Option(help="The same seed gives the same catalog.")] = 7,
) -> None:
    """Write a sample catalog of invented listings with photos and known truth."""
    summary = write_catalog(directory, listings=listings, seed=seed)
    output().print(
        f"{directory}: {summary.listings:,} listings of {summary.products:,} products, "
        f"{summary.duplicate_pairs:,} duplicate pairs, {summary.variant_pairs:,} variant pairs"
    )


def submit(
    file: Annotated[Path, typer.Argument(help=".csv, .parquet, .zip, .ndjson, .jsonl or .json")],
    catalog: Annotated[str, typer.Option(help="Name of the catalog; made if needed.")],
    against: Annotated[
        str | None, typer.Option(help="What to match with: catalog, submission, or catalog:<name>.")
    ] = None,
    k: K = None,
    k_image: KImage = None,
    k_text: KText = None,
    k_lexical: KLexical = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Probability at which a pair is a duplicate.")
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="Column of the ids, if it is not `id`.")] = None,
    title_column: Annotated[str | None, typer.Option(help="Column of the titles, if not `title`.")] = None,
    image_column: Annotated[str | None, typer.Option(help="Column of the images, if not `image`.")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Submitting again under the same key gives the same job.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress until the job ended.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Send listings and find their duplicates."""
    named = {"id": id_column, "title": title_column, "image": image_column}
    limits = Limits(k=k, k_image=k_image, k_text=k_text, k_lexical=k_lexical)
    console = notes()
    with Doppel(url, key=key) as doppel:
        job = doppel.submit(
            catalog,
            file,
            against=against,
            threshold=threshold,
            columns={field: column for field, column in named.items() if column},
            idempotency_key=idempotency_key,
            **limits,
        )
        console.print(f"job {job.id} accepted", highlight=False)
        if wait:
            finished = follow(doppel, job.id, console)
            print_outcome(finished, console)
    typer.echo(job.id)


def follow(doppel: Doppel, job_id: str, console: Console) -> Job:
    """Show a job's progress until it ended, and return it.

    Raises:
        NoAnswer: the service went away; the message says how to look again.
    """
    try:
        with progress_view(console) as view:
            return doppel.wait(job_id, on_progress=view)
    except NoAnswer as error:
        again = f"the job goes on without this command; look again with `doppel watch {job_id}`"
        raise NoAnswer(error.code, f"{error.detail}; {again}") from error


def print_outcome(job: Job, console: Console) -> None:
    """Print what a finished submission found."""
    names = ("listings", "rejected", "duplicates", "variants", "groups")
    said = ", ".join(f"{job.counts[name]:,} {name}" for name in names if name in job.counts)
    console.print(f"{job.status}: {said}", highlight=False)
