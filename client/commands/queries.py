"""`doppel dedup` and `doppel search`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from client.console import DEFAULT_URL, FormatOption, Key, Url, number, output, print_rows, said
from client.doppel import Doppel
from client.errors import DoppelError
from client.limits import KImage, KLexical, KText, Limits
from client.models import Comparison

_MATCHES = {
    "listing": lambda match: match.listing_id,
    "title": lambda match: match.title,
    "verdict": lambda match: match.verdict,
    "probability": lambda match: number(match.probability),
    "image": lambda match: number(match.image_sim),
    "text": lambda match: number(match.text_sim),
    "conflicts": lambda match: said(match.conflicts),
}


def _image(value: str | None) -> str | Path | None:
    if value is None or value.startswith(("http://", "https://", "data:")):
        return value
    if not Path(value).is_file():
        raise DoppelError("file_missing", f"{value}: neither a file nor an http(s) address")
    return Path(value)


def dedup(
    a_title: Annotated[str | None, typer.Option(help="Title of the first listing.")] = None,
    a_image: Annotated[str | None, typer.Option(help="Its image: a file or an address.")] = None,
    b_title: Annotated[str | None, typer.Option(help="Title of the second listing.")] = None,
    b_image: Annotated[str | None, typer.Option(help="Its image: a file or an address.")] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Instead of the classifier's.")
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Are these two listings duplicates?"""
    a = {"title": a_title, "image": _image(a_image)}
    b = {"title": b_title, "image": _image(b_image)}
    with Doppel(url, key=key) as doppel:
        print_comparison(doppel.dedup(a, b, threshold=threshold))


def print_comparison(found: Comparison) -> None:
    """Print verdict, similarities and the evidence that weighed most."""
    console = output()
    console.print(
        f"[bold]{found.verdict}[/]  probability {number(found.probability)}, "
        f"threshold {number(found.threshold)}" + ("" if found.calibrated else "  [dim](not calibrated)[/]"),
        highlight=False,
    )
    console.print(
        f"image {number(found.image_sim)}  text {number(found.text_sim)}  fused {number(found.fused_sim)}  "
        f"lexical {number(found.lexical_sim)}",
        highlight=False,
    )
    if found.conflicts:
        console.print(f"conflicts: {said(found.conflicts)}", highlight=False, markup=False)
    heaviest = sorted(found.evidence.items(), key=_weight, reverse=True)[:8]
    if heaviest:
        table = Table("evidence", "value", "contribution to the log-odds", header_style="bold")
        for name, part in heaviest:
            table.add_row(name, number(part.get("value")), f"{part.get('contribution', 0):+.2f}")
        console.print(table)


def _weight(item: tuple[str, dict[str, Any]]) -> float:
    return abs(float(item[1].get("contribution") or 0))


def search(
    catalog: Annotated[str, typer.Option(help="Catalog to search in.")],
    title: Annotated[str | None, typer.Option(help="Title to search for.")] = None,
    image: Annotated[str | None, typer.Option(help="Image to search for: a file or an address.")] = None,
    k: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 10,
    k_image: KImage = None,
    k_text: KText = None,
    k_lexical: KLexical = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Instead of the classifier's.")
    ] = None,
    form: FormatOption = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Find near-duplicates of a title, an image, or both."""
    limits = Limits(k=k, k_image=k_image, k_text=k_text, k_lexical=k_lexical)
    with Doppel(url, key=key) as doppel:
        found = doppel.search(catalog, title=title, image=_image(image), threshold=threshold, **limits)
    print_rows(iter(found), _MATCHES, form, k)
