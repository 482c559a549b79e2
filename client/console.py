"""What every command of the command line shares: address, output, errors."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from client.models import Conflict
from client.session import KEY_VARIABLE

DEFAULT_URL = "http://127.0.0.1:8080"
# What a terminal obeys instead of showing it, and what turns the reading direction of all that follows.
_OBEYED = [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029]
_HARMLESS = dict.fromkeys(_OBEYED, "\ufffd") | dict.fromkeys(map(ord, "\t\n\r"), " ")
# What the service tells those who speak HTTP -> what it is called here.
_OPTIONS = {
    "`Authorization: Bearer dpl_…`": f"--key, or {KEY_VARIABLE}",
    "?id_column=…": "--id-column",
    "?title_column=…": "--title-column",
    "?image_column=…": "--image-column",
}
Url = Annotated[str, typer.Option("--url", envvar="DOPPEL_URL", help="Address of the service.")]
Key = Annotated[
    str | None, typer.Option("--key", envvar=KEY_VARIABLE, help="API key, where the service has keys.")
]
JobId = Annotated[str, typer.Argument(help="Id of the job.")]


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    NDJSON = "ndjson"


FormatOption = Annotated[
    Format | None, typer.Option("--format", help="Default: table on a terminal, ndjson elsewhere.")
]
Limit = Annotated[int, typer.Option(min=1, help="Most rows of a table (ndjson has all).")]


def output() -> Console:
    """Return the console for results; elsewhere than on a terminal nothing is cut to a width."""
    console = Console()
    return console if console.is_terminal else Console(width=200)


def notes() -> Console:
    """Return the console for progress and errors, so that results can be piped."""
    return Console(stderr=True)


def number(value: float | None) -> str:
    """Return a probability or similarity for a table; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"


def shown(text: str) -> str:
    """Return a text of somebody else's on one line, with nothing in it that a terminal would obey."""
    return text.translate(_HARMLESS)


def with_options(text: str) -> str:
    """Return what the service says of an error, with options of the command line in place of HTTP's."""
    for http, option in _OPTIONS.items():
        text = text.replace(http, option)
    return text


def said(conflicts: Iterable[Conflict]) -> str:
    """Return conflicting tokens for a table."""
    return shown(", ".join(f"{c.kind}: {c.a} / {c.b}" for c in conflicts))


def print_rows(rows: Iterator[Any], columns: dict[str, Any], chosen: Format | None, limit: int) -> None:
    """Print dataclasses as a table (`columns` maps heading to a function of the row) or one JSON each."""
    console = output()
    if chosen is Format.NDJSON or (chosen is None and not console.is_terminal):
        for row in rows:
            typer.echo(json.dumps(dataclasses.asdict(row), ensure_ascii=False))
        return
    table = Table(*columns, header_style="bold")
    for row in islice(rows, limit):
        table.add_row(*(Text(shown(str(show(row)))) for show in columns.values()))
    console.print(table)
    if next(rows, None) is not None:
        console.print(f"[dim]the first {limit}; all of them: --format ndjson, or a larger --limit")
