"""`doppel data`: fetches data sets."""

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Annotated, Final

import typer

from client.console import notes, output
from client.errors import DoppelError

COMPETITION: Final = "shopee-product-matching"
_TABLE: Final = "train.csv"
_ADVICE: Final = (
    f"pip install kaggle; accept the rules at https://www.kaggle.com/c/{COMPETITION}/rules; make an API "
    "token in your Kaggle settings and keep it as ~/.kaggle/kaggle.json; then run this again. Or download "
    "the ZIP in a browser and unpack it there"
)

data = typer.Typer(help="Fetch data sets.", no_args_is_help=True)


@data.callback()
def fetch() -> None:
    """Fetch data sets."""


@data.command()
def shopee(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write; made if needed.")],
) -> None:
    """Download the Shopee Price Match data (1.7 GB) with your Kaggle account."""
    if (directory / _TABLE).is_file():
        output().print(f"{directory} holds {_TABLE} already", highlight=False)
        return
    kaggle = shutil.which("kaggle")
    if kaggle is None:
        raise DoppelError("kaggle_missing", f"the Kaggle client is not installed: {_ADVICE}")
    directory.mkdir(parents=True, exist_ok=True)
    notes().print(f"downloading {COMPETITION} with {kaggle}", highlight=False)
    ended = subprocess.run(  # noqa: S603 - no shell; only the folder is the user's
        [kaggle, "competitions", "download", "-c", COMPETITION, "-p", str(directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    archive = directory / f"{COMPETITION}.zip"
    if ended.returncode != 0 or not archive.is_file():
        said = ended.stdout.strip().splitlines()
        raise DoppelError("kaggle_failed", f"Kaggle said: {said[-1] if said else 'nothing'}. {_ADVICE}")
    _unpack(archive, directory)
    output().print(f"{directory}: now `doppel train {directory}`", highlight=False)


def _unpack(archive: Path, directory: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as files:
            # The table last: while it is missing, the folder does not look complete.
            for name in sorted(files.namelist(), key=lambda name: name == _TABLE):
                files.extract(name, directory)
    except (zipfile.BadZipFile, OSError) as error:
        raise DoppelError("kaggle_failed", f"{archive} cannot be unpacked: {error}") from error
    if not (directory / _TABLE).is_file():
        raise DoppelError("kaggle_failed", f"{archive} holds no {_TABLE}")
    archive.unlink()
