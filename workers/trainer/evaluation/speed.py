"""Size and speed of towers, one thread, float32."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import torch

from workers.trainer.evaluation.encoders import TowerEncoder, encode_files, open_photo
from workers.trainer.tower.network import WEIGHTS

BATCH: Final = 32
ROUNDS: Final = 7


def measure_speed(
    folders: Mapping[str, Path], files: Sequence[Path], rounds: int = ROUNDS
) -> dict[str, dict[str, float]]:
    """Measure towers in turns, so that other work on the machine slows all of them alike.

    Args:
        folders: open_clip folder by name.
        files: at least one photo; the first 32 make the batch.
        rounds: batches per tower; the median counts.

    Returns:
        name → `file_bytes`, `parameters` (image part), `encode_per_s` (prepared photos to embeddings),
        `photos_per_s` (files to embeddings).
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _measure(folders, files[:BATCH], rounds)
    finally:
        torch.set_num_threads(threads)


def _measure(folders: Mapping[str, Path], files: Sequence[Path], rounds: int) -> dict[str, dict[str, float]]:
    towers = {name: TowerEncoder(folder, batch=BATCH) for name, folder in folders.items()}
    batches = {name: tower.prepare([open_photo(file) for file in files]) for name, tower in towers.items()}
    encoding: dict[str, list[float]] = {name: [] for name in towers}
    whole: dict[str, list[float]] = {name: [] for name in towers}
    for name, tower in towers.items():
        tower.embed(batches[name])  # the first batch pays for setting up
    for _ in range(rounds):
        for name, tower in towers.items():
            encoding[name].append(_seconds(lambda t=tower, b=batches[name]: t.embed(b)))  # type: ignore[misc]
            whole[name].append(_seconds(lambda t=tower: encode_files(t, files)))  # type: ignore[misc]
    return {
        name: {
            "file_bytes": (folders[name] / WEIGHTS).stat().st_size,
            "parameters": tower.parameters,
            "encode_per_s": round(len(files) / statistics.median(encoding[name]), 1),
            "photos_per_s": round(len(files) / statistics.median(whole[name]), 1),
        }
        for name, tower in towers.items()
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
