"""`doppel rematch`."""

from typing import Annotated

import typer

from client.commands.submissions import follow, print_outcome
from client.console import DEFAULT_URL, Key, Url, notes
from client.doppel import Doppel
from client.limits import K, KImage, KLexical, KText, Limits


def rematch(
    catalog: Annotated[str, typer.Argument(help="Name of the catalog.")],
    k: K = None,
    k_image: KImage = None,
    k_text: KText = None,
    k_lexical: KLexical = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Probability at which a pair is a duplicate.")
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Asking again under the same key gives the same job.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress until the job ended.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Match all listings of a catalog again, without encoding; replaces its pairs and groups."""
    console = notes()
    limits = Limits(k=k, k_image=k_image, k_text=k_text, k_lexical=k_lexical)
    with Doppel(url, key=key) as doppel:
        job = doppel.rematch(catalog, threshold=threshold, idempotency_key=idempotency_key, **limits)
        console.print(f"job {job.id} accepted", highlight=False)
        if wait:
            print_outcome(follow(doppel, job.id, console), console)
    typer.echo(job.id)
