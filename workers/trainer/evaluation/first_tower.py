"""The tower that shipped first, out of the repository's history: what a new one is compared with."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Final

from workers.trainer.tower.network import WEIGHTS
from workers.trainer.tower.split import FILE, read_held_out

COMMIT: Final = "492a7fba5f96f174cb7faff559982e12d121131f"
FOLDER: Final = "artifacts/bundled/image"
SHA256: Final = "1434253eb95aa0037c631cc01ae14bd60295f0b26d4f148c0782a6fc0e3b0135"
"""Digest of its weights."""


def digest(file: Path) -> str:
    """Give a file's SHA-256."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def bring_first_tower(checkout: Path, folder: Path, held_out: set[str]) -> bool:
    """Write the first tower's files into a folder, unless they are there.

    Args:
        checkout: the repository.
        folder: where the files go.
        held_out: what the present tower has not seen.

    Returns:
        False where git or that part of the history is missing (a shallow clone, an archive).

    Raises:
        ValueError: the weights are others than expected, or the first tower was trained on photos that the
            present one is asked about.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (FILE, "open_clip_config.json", WEIGHTS):
        if not (folder / name).exists():
            content = _read(checkout, f"{COMMIT}:{FOLDER}/{name}")
            if content is None:
                return False
            partial = folder / (name + ".partial")
            partial.write_bytes(content)
            partial.rename(folder / name)
    if digest(folder / WEIGHTS) != SHA256:
        raise ValueError(f"{folder / WEIGHTS} is not the first tower; delete {folder}")
    if read_held_out(folder / FILE) != held_out:
        raise ValueError("the two towers were trained on different photos; they cannot be compared")
    return True


def _read(checkout: Path, blob: str) -> bytes | None:
    """Read a file of a commit, or None where there is no git or no such commit."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(checkout), "cat-file", "blob", blob]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - fixed arguments
    return done.stdout if done.returncode == 0 else None
