"""`doppel keys create`, `list` and `revoke`: they work on the file, beside the gateway that reads it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from client.console import notes, output
from client.errors import DoppelError
from shared.errors import DoppelError as SharedError
from shared.key_file import add_key, read_keys, revoke_key
from shared.keys import ALL_CATALOGS, make_key

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys of a service that you run.")

File = Annotated[
    Path, typer.Option("--file", envvar="DOPPEL_KEYS_FILE", help="The gateway's file of API keys.")
]


class RoleName(StrEnum):
    """What a key may do; each may do all that the one before it may."""

    READ = "read"
    SUBMIT = "submit"
    DECIDE = "decide"
    ADMIN = "admin"


def _reported(error: SharedError) -> DoppelError:
    return DoppelError(error.code, str(error))


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="Whose key it is; for people.")],
    role: Annotated[RoleName, typer.Option(help="What it may do.")],
    file: File,
    catalogs: Annotated[
        str, typer.Option(help="Catalogs it is for, separated by commas; * is all.")
    ] = ALL_CATALOGS,
    rate: Annotated[int | None, typer.Option(min=1, help="Most requests per minute.")] = None,
    max_active_jobs: Annotated[
        int | None, typer.Option(min=1, help="Most submissions and rematches that have not ended.")
    ] = None,
) -> None:
    """Make a key and print it. It is shown this once: the file, made if needed, keeps its digest only."""
    scope = [catalog.strip() for catalog in catalogs.split(",") if catalog.strip()]
    try:
        key, text = make_key(name, role.value, scope, rate=rate, max_active_jobs=max_active_jobs)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        add_key(file, key)
    except OSError as error:
        raise DoppelError("keys_unreadable", f"{file}: {error.strerror}") from error
    except SharedError as error:
        raise _reported(error) from error
    notes().print(f"key {key.id} for {name}, shown this once:", highlight=False, markup=False)
    typer.echo(text)


@keys.command("list")
def list_keys(file: File) -> None:
    """List the keys in force; secrets are not kept, and so not shown."""
    try:
        found = read_keys(file)
    except SharedError as error:
        raise _reported(error) from error
    table = Table("id", "name", "role", "catalogs", "created", "requests/min", "jobs", header_style="bold")
    for key in found:
        limits = ("–" if limit is None else str(limit) for limit in (key.rate, key.max_active_jobs))
        cells = (key.id, key.name, key.role, ", ".join(key.catalogs), f"{key.created:%Y-%m-%d}", *limits)
        table.add_row(*map(Text, cells))
    output().print(table)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The part between dpl_ and the next underscore.")], file: File
) -> None:
    """Revoke a key. A running gateway refuses it from its next request on."""
    try:
        key = revoke_key(file, key_id)
    except SharedError as error:
        raise _reported(error) from error
    notes().print(f"revoked {key.id} ({key.name})", highlight=False, markup=False)
