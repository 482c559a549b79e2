"""The command line `doppel`. Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 no answer."""

import sys
from collections.abc import Sequence

import typer
from rich.markup import escape

from client.commands.data import data
from client.commands.jobs import cancel, jobs, status, watch
from client.commands.keys import keys
from client.commands.queries import dedup, search
from client.commands.rematch import rematch
from client.commands.results import groups, pairs, rejections
from client.commands.submissions import sample, submit
from client.commands.training import PASS_ON, evaluate, rethreshold, train, train_tower
from client.console import notes, shown, with_options
from client.errors import DoppelError, NoAnswer

_COMMANDS = (sample, submit, rematch, status, jobs, watch, pairs, groups, rejections, dedup, search, cancel)


def build() -> typer.Typer:
    """Return the command line."""
    app = typer.Typer(
        help="Find duplicate product listings.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for command in _COMMANDS:
        app.command()(command)
    for handed_over in (train, evaluate, rethreshold, train_tower):
        app.command(context_settings=PASS_ON)(handed_over)
    app.add_typer(data, name="data")
    app.add_typer(keys, name="keys")
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; a failure is one line on stderr, never a traceback."""
    try:
        build()(arguments, prog_name="doppel")
    except DoppelError as error:
        detail = with_options(shown(error.detail))
        message = f"[red]error:[/] {escape(detail)} [dim]({escape(shown(error.code))})[/]"
        notes().print(message, highlight=False, soft_wrap=True)
        sys.exit(3 if isinstance(error, NoAnswer) else 1)
