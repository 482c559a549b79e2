"""Python environments of competitors, made when they are first needed; ours stays as it is."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

FOLDER: Final = Path(".run/peers")
_INSTALL_S: Final = 900


class PeerUnavailable(Exception):
    """A competitor cannot be measured here; the message says why."""


def interpreter(name: str, packages: Sequence[str]) -> Path:
    """Return the Python of an environment that holds the packages.

    Raises:
        PeerUnavailable: they cannot be installed.
    """
    folder = (FOLDER / name).absolute()
    python, complete = folder / "bin" / "python", folder / "installed"
    wanted = "\n".join(packages)
    if complete.is_file() and complete.read_text() == wanted:
        return python
    print(f"installing {' '.join(packages)}", flush=True)
    _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    _uv("pip", "install", "--quiet", "--python", str(python), *packages)
    complete.write_text(wanted)
    return python


def _uv(*arguments: str) -> None:
    """Run the pinned uv; a mirror that pip was told to use is used, too, as in the Makefile."""
    programs, env = Path(sys.executable).parent, dict(os.environ)
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
    )
    if not asked.returncode:
        env.setdefault("UV_DEFAULT_INDEX", asked.stdout.strip())
    try:
        done = subprocess.run(
            [programs / "uv", *arguments], capture_output=True, text=True, env=env, timeout=_INSTALL_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerUnavailable(f"uv {arguments[0]}: {error}") from error
    if done.returncode:
        raise PeerUnavailable(f"uv {' '.join(arguments[:2])}: {done.stderr.strip()[-500:]}")
