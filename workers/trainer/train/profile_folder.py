"""The folder of a trained profile: a copy of the profile's own files, and what training added."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any, Final

from pydantic import JsonValue

from shared.errors import ArtifactError
from shared.profile import Profile

MANIFEST: Final = "manifest.json"
CLASSIFIER: Final = "classifier.json"
PROFILE: Final = "profile.json"
HELD_OUT: Final = "held_out"
EMBEDDINGS: Final = "embeddings"
REPORT: Final = "report"
# What training writes anew; anything else in the folder of a profile belongs to its models.
_MADE: Final = (MANIFEST, CLASSIFIER, PROFILE, HELD_OUT, EMBEDDINGS, REPORT)
_LIBRARIES: Final = (
    "numpy",
    "scikit-learn",
    "scipy",
    "faiss-cpu",
    "torch",
    "open_clip_torch",
    "sentence-transformers",
    "pillow",
)


def start_folder(profile: Profile, source: Path, target: Path) -> None:
    """Copy the files of a profile's models, and write its manifest under the name of the target folder.

    What an earlier training left in the target is removed.
    """
    if source.resolve() != target.resolve():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copytree(
            source,
            target,
            ignore=lambda folder, _: _MADE if Path(folder) == source else (),
            dirs_exist_ok=True,
        )
    for name in (HELD_OUT, EMBEDDINGS, REPORT):
        shutil.rmtree(target / name, ignore_errors=True)
    (target / MANIFEST).unlink(missing_ok=True)
    named = profile.model_copy(update={"name": target.name})
    text = named.model_dump_json(indent=2, exclude_none=True) + "\n"
    (target / PROFILE).write_text(text, encoding="utf-8")


def finish_folder(folder: Path, about: Mapping[str, JsonValue]) -> None:
    """Write the manifest: what is told of the training, versions, and size and sha256 of every other file."""
    files: dict[str, JsonValue] = {
        path.relative_to(folder).as_posix(): {"sha256": sha256_of(path), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }
    document = {"format": 1, **about, "versions": versions(), "files": files}
    write_json(folder / MANIFEST, document)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a manifest.

    Raises:
        ArtifactError: the folder has none.
    """
    try:
        return dict(json.loads((folder / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{folder} was not written by doppel train: {error}") from error


def check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare the files with the manifest.

    Raises:
        ArtifactError: one is missing or another than the manifest says.
    """
    for name, told in manifest["files"].items():
        path = folder / name
        if not path.is_file() or sha256_of(path) != told["sha256"]:
            raise ArtifactError(f"{path} is not the file that {MANIFEST} names: train again")


def versions() -> dict[str, JsonValue]:
    """Return the versions of Python and of the libraries that figures depend on."""
    found: dict[str, JsonValue] = {"python": python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write_json(path: Path, document: Mapping[str, JsonValue]) -> None:
    """Write indented JSON."""
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
