"""Embeddings of a thousand training photos, shipped beside the weights, to normalise scores with."""

import json
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from torch import nn
from torch.nn import functional

from workers.trainer.tower.cache import SIDE
from workers.trainer.tower.dataset import Corpus
from workers.trainer.tower.network import encode
from workers.trainer.tower.split import draw

FILE: Final = "background.npy"
NAMES: Final = "background.json"

COUNT: Final = 1000


def choose(corpus: Corpus, count: int = COUNT) -> list[int]:
    """Draw training photos by a hash of their names, one of each near-duplicate cluster.

    Returns:
        Ascending positions in the corpus; of all there are, where these are fewer than `count`.
    """
    clusters = corpus.split.clusters  # a cluster bears the number of its first photo; samples have none
    rows = [row for row in corpus.training.rows.tolist() if row >= len(clusters) or clusters[row] == row]
    return sorted(sorted(rows, key=lambda row: draw(f"background {corpus.photos[row].key}", 0))[:count])


def write_background(folder: Path, visual: nn.Module, corpus: Corpus) -> None:
    """Write `background.npy`, float16 (n, DIM) of unit length, and `background.json`, the names in order.

    Args:
        folder: of the tower.
        visual: its finished network.
        corpus: the photos; only those that were trained on are taken.
    """
    rows = choose(corpus)
    vectors = functional.normalize(encode(visual, corpus.training.pixels[rows], SIDE), dim=1)
    np.save(folder / FILE, vectors.cpu().numpy().astype(np.float16))
    names = [corpus.photos[row].key for row in rows]
    (folder / NAMES).write_text(json.dumps({"photos": names}, indent=1) + "\n", encoding="utf-8")


def read_background(folder: Path) -> npt.NDArray[np.float32] | None:
    """Read a tower's background, float32 (n, DIM); None where it has none."""
    file = folder / FILE
    return np.load(file, allow_pickle=False).astype(np.float32) if file.exists() else None


def read_names(folder: Path) -> list[str]:
    """Read the keys of the photos whose embeddings are the background, in order; none if it has none."""
    file = folder / NAMES
    names: list[str] = json.loads(file.read_text(encoding="utf-8"))["photos"] if file.exists() else []
    return names
