"""Command line: ``python -m workers.trainer.datasets shopee-from-grocery SRC DIR``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from workers.trainer.datasets.errors import DatasetError
from workers.trainer.datasets.grocery import shopee_from_grocery

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def data() -> None:
    """Make data sets."""


@app.command(name="shopee-from-grocery")
def grocery(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="folder of the grocery photos")],
    target: Annotated[Path, typer.Argument(metavar="DIR", help="folder to write; made if needed")],
    most: Annotated[int | None, typer.Option(min=2, help="photos of each product; default: all")] = None,
) -> None:
    """Write the grocery photos in the Shopee layout."""
    typer.echo(f"{target}: {shopee_from_grocery(source, target, most)} listings")


def main() -> None:
    """Run a command; what a person can mend is one line on stderr, never a traceback."""
    try:
        app()
    except DatasetError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
