"""The two questions that the demonstration asks a running stack."""

import time
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from client import Doppel, Group, Match
from client.commands.queries import print_comparison
from local.demo.cards import Shelf


def ask(doppel: Doppel, console: Console, catalog: str, groups: list[Group], shelf: Shelf) -> None:
    """Compare two listings of the largest group that has photos, and search for the photo of one."""
    pair = _two_with_photos(groups, shelf)
    if pair is None:
        console.print("no group has two photos: nothing to ask about")
        return
    a, b = pair
    console.rule("POST /api/dedup: are these two one product?", align="left")
    console.print(f"a: {shelf.titles[a]}\nb: {shelf.titles[b]}", highlight=False, markup=False)
    start = time.monotonic()
    found = doppel.dedup(_listing(shelf, a), _listing(shelf, b), catalog=catalog)
    print_comparison(found)
    console.print(f"[dim]answered in {time.monotonic() - start:.2f} s")
    console.rule("POST /api/search: what in the catalog looks like this photo?", align="left")
    start = time.monotonic()
    print_matches(console, doppel.search(catalog, image=shelf.photos[a], k=5), shelf)
    console.print(f"[dim]answered in {time.monotonic() - start:.2f} s")


def print_matches(console: Console, matches: list[Match], shelf: Shelf) -> None:
    """Print what a search found."""
    table = Table("listing", "title", "verdict", "probability")
    for match in matches:
        title = shelf.titles.get(match.listing_id, match.title)
        table.add_row(match.listing_id, Text(title), match.verdict, f"{match.probability:.3f}")
    console.print(table)


def _two_with_photos(groups: list[Group], shelf: Shelf) -> tuple[str, str] | None:
    for group in groups:
        having = [member.id for member in group.members if member.id in shelf.photos]
        if len(having) > 1:
            return having[0], having[1]
    return None


def _listing(shelf: Shelf, listing: str) -> dict[str, str | Path]:
    return {"title": shelf.titles[listing], "image": shelf.photos[listing]}
