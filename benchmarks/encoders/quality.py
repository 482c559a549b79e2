"""What the default backend of this CPU changes in what is found, beside torch in float32; profile `bundled`.

`python -m benchmarks.encoders.quality [DATA]` encodes all grocery photos and the public product pairs twice:
image hit@1, the share of known matches among ten candidates by title, and F1 on pairs, with their changes.
DATA holds `grocery_photos/`, `abt_buy/` and `amazon_google/`.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.report import publish
from shared.profile import load_profile
from shared.settings import EncoderSettings
from workers.encoder.decoder import PillowDecoder
from workers.encoder.models import build_encoders
from workers.trainer.evaluation.metrics import hit_at_1
from workers.trainer.matching.pairs import run
from workers.trainer.tower.photos import Photo, default_data, list_photos

BACKENDS: Final = {"float32": "torch", "default": "auto"}


def image_hit_at_1(photos: list[Photo]) -> float:
    """Return the share of photos whose nearest other photo shows the same product."""
    settings = EncoderSettings(profile="bundled", device="cpu")
    encoder = build_encoders(*load_profile("bundled", settings.artifacts_dir), settings).image
    decoder = PillowDecoder(settings.max_image_pixels)
    vectors = [encoder.encode([decoder.decode(p.path.read_bytes())]) for p in photos]
    # As they travel and are stored.
    stored = np.concatenate(vectors).astype("<f2").astype(np.float32)
    return hit_at_1(stored, [str(photo.product) for photo in photos])


def measure(data: Path, backend: str) -> dict[str, float]:
    """Return the figures of one backend."""
    os.environ["DOPPEL_BACKEND"] = backend
    photos = [photo for photo in list_photos(data) if photo.collection == "grocery"]
    with tempfile.TemporaryDirectory() as work:
        found = run(data, Path(work))
    recall = {name: value for name, value in found.items() if name.endswith("_recall_at_10")}
    f1 = {name: value for name, value in found.items() if name.endswith("default_f1")}
    return {"image_hit_at_1": round(image_hit_at_1(photos), 4)} | recall | f1


def main() -> None:
    """Measure, print, write the report."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else default_data()
    found = {name: measure(data, backend) for name, backend in BACKENDS.items()}
    exact, default = found["float32"], found["default"]
    figures = {f"{who}.{name}": value for who, measured in found.items() for name, value in measured.items()}
    changes = {name: round(abs(default[name] - value), 4) for name, value in exact.items()}
    for kind in ("hit_at_1", "recall_at_10", "f1"):
        figures[f"{kind}_change"] = max(value for name, value in changes.items() if name.endswith(kind))
    publish("quality", figures)


if __name__ == "__main__":
    main()
