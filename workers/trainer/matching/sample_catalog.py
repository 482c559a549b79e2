"""Sample catalogs, drawn once and kept, with their embeddings and the truth about them."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import samples
from samples import write_catalog
from samples.plan import Plan
from shared.messages import Listing
from workers.encoder.models import Encoders
from workers.trainer.embedding import Embeddings, embed

_COLUMNS = frozenset({"id", "title", "image"})


@dataclass(frozen=True, slots=True)
class SampleCatalog:
    """Listings with their embeddings; `products` by listing id, `stated` the tokens that each title states.

    `stated` maps listing id to axis (size, colour, pack, model) to canonical value. `same_photo` are pairs of
    variants that show one photo.
    """

    listings: tuple[Listing, ...]
    embeddings: Embeddings
    products: dict[str, str]
    stated: dict[str, dict[str, str]]
    same_photo: tuple[tuple[str, str], ...]


def sample_catalog(
    work: Path, listings: int, seed: int, planner: Callable[[int, int], Iterator[Plan]], encoders: Encoders
) -> SampleCatalog:
    """Return a sample catalog; its photos and embeddings are kept under `work` for the next time."""
    folder = _drawn(work, listings, seed, planner)
    lines = (folder / "listings.ndjson").read_text("utf-8").splitlines()
    found = tuple(_listing(json.loads(line)) for line in lines)
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text("utf-8"))
    return SampleCatalog(
        listings=found,
        embeddings=embed(found, folder, encoders, work / folder.name / "embeddings"),
        products={listing: about["product"] for listing, about in truth["listings"].items()},
        stated={listing: about["tokens"] for listing, about in truth["listings"].items()},
        same_photo=tuple((min(pair), max(pair)) for pair in truth["same_photo_variants"]),
    )


def _drawn(work: Path, listings: int, seed: int, planner: Callable[[int, int], Iterator[Plan]]) -> Path:
    name = planner.__module__.rsplit(".", 1)[-1]
    folder = work / f"{name}-{listings}-{seed}-{_code()}"
    if not folder.exists():
        # A name of its own until it is whole: a stop in the middle must not look like a catalog.
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        write_catalog(part, listings=listings, seed=seed, workers=2, planner=planner)
        (part / "catalog.zip").unlink()
        part.rename(folder)
    return folder


def _code() -> str:
    """Return a digest of the code that draws: after a change of it, a kept catalog is another one."""
    digest = blake2b(digest_size=4)
    for path in sorted(Path(samples.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _listing(fields: dict[str, str]) -> Listing:
    attributes = {name: value for name, value in fields.items() if name not in _COLUMNS and value}
    return Listing(
        id=fields["id"], title=fields["title"], image=fields["image"] or None, attributes=dict(attributes)
    )
