"""Embeddings of a data set beside the classifier that was fitted on them: arrays, and what each row is.

FAISS's flat index is nothing but these vectors, so it is built from them (docs/decisions/0006).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from shared.errors import ArtifactError
from shared.messages import Listing
from workers.index.arrays import MODALITIES, Modality, Vectors
from workers.index.faiss_index import FaissIndex
from workers.index.keys import keys_of
from workers.trainer.embedding import Embeddings

LISTINGS: Final = "listings.json"


def save_embeddings(
    folder: Path, listings: tuple[Listing, ...], groups: Mapping[str, str], embeddings: Embeddings
) -> None:
    """Write `image.npy` and `text.npy`, float16 (n, dim) each, and `listings.json`.

    The latter names the models, the listing id of each row of either array, and title, image and group of
    every listing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[str]] = {}
    for modality in MODALITIES:
        held = embeddings.vectors[modality]
        rows[modality] = [listing.id for listing in listings if listing.id in held]
        vectors = np.empty((len(rows[modality]), embeddings.models[modality][1]), "<f2")
        for row, listing in enumerate(rows[modality]):
            vectors[row] = np.frombuffer(held[listing], "<f2")
        np.save(folder / f"{modality}.npy", vectors)
    about = {
        "models": {modality: list(embeddings.models[modality]) for modality in MODALITIES},
        "rows": rows,
        "listings": [
            {
                "id": listing.id,
                "title": listing.title,
                "image": listing.image,
                "group": groups.get(listing.id),
            }
            for listing in listings
        ],
    }
    (folder / LISTINGS).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def load_embeddings(folder: Path) -> Embeddings:
    """Read what `save_embeddings` wrote.

    Raises:
        ArtifactError: it is missing or does not fit together.
    """
    try:
        about = json.loads((folder / LISTINGS).read_text("utf-8"))
        vectors: dict[Modality, dict[str, bytes]] = {}
        for modality in MODALITIES:
            rows, held = about["rows"][modality], np.load(folder / f"{modality}.npy", allow_pickle=False)
            if held.shape != (len(rows), about["models"][modality][1]) or held.dtype != np.dtype("<f2"):
                raise ArtifactError(f"{folder / modality}.npy does not fit {LISTINGS}")
            vectors[modality] = {listing: held[row].tobytes() for row, listing in enumerate(rows)}
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactError(f"{folder} holds no embeddings: {error}") from error
    models: dict[Modality, tuple[str, int]] = {
        modality: (about["models"][modality][0], about["models"][modality][1]) for modality in MODALITIES
    }
    return Embeddings(models, vectors)


def build_index(embeddings: Embeddings, modality: Modality) -> FaissIndex:
    """Return the FAISS index of a modality, under the keys of the listing ids (`workers.index.keys`)."""
    held = embeddings.vectors[modality]
    index = FaissIndex(embeddings.models[modality][1])
    if held:
        halves = np.frombuffer(b"".join(held.values()), "<f2").reshape(len(held), -1)
        vectors: Vectors = halves.astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        index.upsert(keys_of(held), vectors)
    return index
