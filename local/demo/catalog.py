"""The sample catalog of the demonstration, drawn once and kept for the next run."""

import hashlib
import json
import shutil
from pathlib import Path

import samples
from samples import write_catalog


def sample_catalog(cache: Path, *, listings: int, seed: int) -> Path:
    """Return a folder with the sample catalog, which is drawn unless it was drawn before by the same code."""
    digest = hashlib.sha256(f"{listings} {seed}".encode())
    source = Path(samples.__file__).parent
    for path in sorted(source.rglob("*.py")):
        digest.update(path.read_bytes())
    folder = cache / f"{listings}-{seed}-{digest.hexdigest()[:12]}"
    if not folder.is_dir():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        write_catalog(unfinished, listings=listings, seed=seed)
        unfinished.rename(folder)
    return folder


def described(folder: Path) -> str:
    """Return what the catalog holds, in words."""
    counts = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["counts"]
    return (
        f"{counts['listings']:,} listings of {counts['products']:,} products; in truth "
        f"{counts['duplicate_pairs']:,} duplicate pairs and {counts['variant_pairs']:,} variant pairs, "
        f"{counts['same_photo_variants']:,} of which show the same photo"
    )
