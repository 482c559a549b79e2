"""What is written down about a run, beside the weights: facts for the model card, and for doing it again."""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import torch

from workers.trainer.tower.cache import SIDE
from workers.trainer.tower.dataset import Corpus
from workers.trainer.tower.device import Device
from workers.trainer.tower.errors import Refused
from workers.trainer.tower.network import CONFIG, DIM, WEIGHTS
from workers.trainer.tower.photos import SAMPLES
from workers.trainer.tower.recipe import Recipe

FILE: Final = "training.json"

NOT_STATED: Final = "not stated"
OWN: Final = "drawn by this project's own program, no rights of others"


def data_facts(corpus: Corpus, licences: Mapping[str, str]) -> dict[str, Any]:
    """Describe the photos: per collection, and over all.

    Args:
        corpus: the photos.
        licences: collection → its licence, as the user states it.
    """
    held_out = {photo.key for photo in corpus.held_out}
    collections: dict[str, dict[str, Any]] = {}
    for photo in corpus.photos:
        stated = OWN if photo.collection == SAMPLES else NOT_STATED
        new = {
            "photos": 0,
            "held_out": 0,
            "products": set(),
            "licence": licences.get(photo.collection, stated),
        }
        counts = collections.setdefault(photo.collection, new)
        counts["photos"] += 1
        counts["held_out"] += photo.key in held_out
        counts["products"] |= {photo.product} - {None}
    for counts in collections.values():
        counts["products"] = len(counts["products"])
    return {
        "collections": collections,
        "trained_on": len(corpus.training.rows),
        "held_out": len(held_out),
        "unreadable": len(corpus.decoded.unreadable),
        "digest": corpus.digest,
    }


def tower_facts(folder: Path, parameters: int) -> dict[str, Any]:
    """Describe the exported tower; `parameters` counts those of the image part."""
    weights = (folder / WEIGHTS).read_bytes()
    return {
        "architecture": CONFIG["model_cfg"]["vision_cfg"]["timm_model_name"],
        "preprocessing": CONFIG["preprocess_cfg"],
        "dim": DIM,
        "side": SIDE,
        "parameters": parameters,
        "bytes": len(weights),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }


def run_facts(recipe: Recipe, command: str, seconds: float, device: Device) -> dict[str, Any]:
    """Describe how the weights were computed; `seconds` is the time of the steps."""
    return {
        "command": command,
        "steps": recipe.steps,
        "views": 2 * recipe.steps * recipe.photos_per_step,
        "minutes": round(seconds / 60, 1),
        "device": device.name,
        "threads": torch.get_num_threads(),
    }


def versions() -> dict[str, str]:
    """Give the versions of what computed."""
    packages = ("torch", "timm", "open_clip_torch", "numpy", "pillow")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def write_record(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the facts beside the weights."""
    (folder / FILE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def read_record(folder: Path) -> dict[str, Any]:
    """Read the facts of a trained tower.

    Raises:
        Refused: the folder holds none.
    """
    file = folder / FILE
    if not file.is_file():
        raise Refused(f"{file} is missing: it is written at the end of a run, beside the weights")
    facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return facts
