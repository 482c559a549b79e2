"""Puts heads into the folder of a profile, and before embeddings that were made without them."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from shared.errors import ArtifactError
from shared.profile import HeadFile, Profile
from workers.encoder.head import Head
from workers.encoder.vectors import to_wire
from workers.index.arrays import Modality
from workers.trainer.embedding import Embeddings

_LOCAL: Final = "local-dir:"
_BACKGROUND: Final = "background.npy"


def add_head(folder: Path, modality: Modality, head: Head) -> Profile:
    """Write a head into the folder of a profile and name it in its manifest; return the manifest.

    A background of images is projected along, as it is compared with projected vectors. A classifier that
    lies there was calibrated without the head and does not count any more: calibrate anew.

    Raises:
        ArtifactError: there is no profile, or it has a head of this modality.
    """
    path = folder / "profile.json"
    try:
        profile = Profile.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} is not a profile: {error}") from error
    model = profile.image if modality == "image" else profile.text
    if model.head is not None:
        raise ArtifactError(f"profile {profile.name} has a head for {modality}: train from one without")
    named = head.save(folder / f"{modality}_head.safetensors")
    if modality == "image" and model.model.startswith(_LOCAL):
        _project_background(folder / model.model.removeprefix(_LOCAL) / _BACKGROUND, head)
    headed = _with_head(profile, modality, named)
    path.write_text(headed.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")
    return headed


def project(embeddings: Embeddings, modality: Modality, head: Head) -> Embeddings:
    """Return the embeddings as encoders with this head would make them, but for rounding to float16 twice."""
    model, _ = embeddings.models[modality]
    ids = list(embeddings.vectors[modality])
    rows = b"".join(embeddings.vectors[modality].values())
    held = np.frombuffer(rows, "<f2").reshape(len(ids), -1).astype(np.float32)
    wire = to_wire(head.apply(held)) if ids else []
    return replace(
        embeddings,
        models={**embeddings.models, modality: (head.follow(model), head.dim)},
        vectors={**embeddings.vectors, modality: dict(zip(ids, wire, strict=True))},
    )


def _project_background(path: Path, head: Head) -> None:
    if path.exists():
        vectors = np.load(path, allow_pickle=False).astype(np.float32)
        np.save(path, head.apply(vectors).astype(np.float16))


def _with_head(profile: Profile, modality: Modality, named: HeadFile) -> Profile:
    model = profile.image if modality == "image" else profile.text
    return profile.model_copy(update={modality: model.model_copy(update={"head": named})})
