"""The command line `python -m local`: up, down, settings, acl, demo."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from client import DoppelError
from local.acl import FILE, make_users
from local.background import Background
from local.demo.demonstration import Plan, demonstrate
from local.environment import ROOT, user_settings
from local.errors import LocalError
from local.settings import env_file, markdown_table, with_table

app = typer.Typer(
    help="The whole of Doppel on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def up(
    encoders: Annotated[int, typer.Option(min=1, help="Processes that encode submissions.")] = 1,
    profile: Annotated[str | None, typer.Option(help="Profile of the encoders.")] = None,
) -> None:
    """Start a stack in the background; settings come from the environment and from the file .env."""
    settings = user_settings(ROOT / ".env") | ({"DOPPEL_PROFILE": profile} if profile else {})
    typer.echo("starting: redis, gateway, reconciler, encoders, index worker …")
    state = Background(ROOT / ".run").up(settings, encoders=encoders)
    typer.echo(f"Doppel listens at {state.url}  (API documentation: {state.url}/docs)")
    typer.echo(f"logs: {state.logs}")
    typer.echo("next:")
    typer.echo(f"  export DOPPEL_URL={state.url}")
    typer.echo("  .venv/bin/doppel sample --listings 600 --seed 7 .run/sample")
    typer.echo("  .venv/bin/doppel submit .run/sample/catalog.zip --catalog shop --wait")
    typer.echo("  make down")


@app.command()
def down() -> None:
    """Stop the stack; data stays in .run/."""
    typer.echo("stopped" if Background(ROOT / ".run").down() else "nothing was running")


@app.command()
def settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="The table of the README.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Bring both files up to date.")] = False,
) -> None:
    """Print .env.example, or the README's table of settings."""
    if write:
        readme = ROOT / "README.md"
        (ROOT / ".env.example").write_text(env_file(), encoding="utf-8")
        readme.write_text(with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
        return
    typer.echo(markdown_table() if markdown else env_file(), nl=False)


@app.command()
def acl(
    folder: Annotated[Path, typer.Argument(help="Folder for the file of users and their passwords.")],
) -> None:
    """Make users for a Redis of your own: one for each kind of process, with the least that it needs."""
    make_users(folder)
    typer.echo(f"{folder / FILE}: for redis-server --aclfile; *.password: for DOPPEL_REDIS_PASSWORD_FILE")


@app.command()
def demo(
    listings: Annotated[int, typer.Option(min=2, help="Listings of the sample catalog.")] = 600,
    seed: Annotated[int, typer.Option(help="The same seed gives the same catalog.")] = 7,
    reports: Annotated[Path, typer.Option(help="Folder for figures and contact sheets.")] = ROOT / "reports",
) -> None:
    """Find the duplicates of a sample catalog with a stack of its own, and stop that stack again."""
    # A termination unwinds like Ctrl-C, so that no process of the stack is left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = user_settings(ROOT / ".env")
    demonstrate(
        Plan(
            run_dir=ROOT / ".run" / "demo",
            samples=ROOT / ".run" / "samples",
            reports=reports,
            settings=settings,
            profile=settings.get("DOPPEL_PROFILE", "bundled"),
            listings=listings,
            seed=seed,
        ),
        # Elsewhere than on a terminal, tables need not fit into the usual 80 columns.
        Console(width=None if sys.stdout.isatty() else 130),
    )


def main() -> None:
    """Run the command line; a failure that a person can act on is one message, not a traceback."""
    try:
        app()
    except (LocalError, DoppelError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
