"""What encoding costs: photos and titles per CPU-second, stage by stage, with torch and with OpenVINO.

`python -m benchmarks.encoding [DATA]` measures the profile `bundled`, and `clip` with random weights (what it
costs is the same); one thread, everything in turns, the median of three rounds. DATA holds
`clothing_photos/` and `grocery_photos/`: some of them are taken, as they are and 1,200 pixels wide.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.encoders.weights import random_weights
from benchmarks.report import publish
from samples.plan import plan
from shared.profile import load_profile
from shared.settings import EncoderSettings
from shared.titles import normalise_title
from workers.encoder.decoder import PillowDecoder
from workers.encoder.models import Encoders, build_encoders
from workers.trainer.tower.photos import default_data, list_photos

ARTIFACTS = Path("artifacts")
PHOTOS, TITLES, ROUNDS = 32, 256, 3
HOW = {
    "torch": {"backend": "torch"},
    "openvino": {"backend": "openvino", "precision": "full"},
    "openvino_bfloat16": {"backend": "openvino"},
}
"""Settings; where the profile or the processor rules bfloat16 out, the last two are the same."""
WIDE = 1200
Stage = tuple[int, Callable[[], object]]
"""How many items it works on, and the work."""


def encoders(profile: str, how: str, weights: dict[str, Path]) -> Encoders:
    """Return the encoders of a profile as a worker with one thread has them."""
    settings = EncoderSettings.model_validate(
        {"profile": profile, "device": "cpu", "threads": 1, **HOW[how], **weights}
    )
    return build_encoders(*load_profile(profile, ARTIFACTS), settings)


def widened(data: bytes) -> bytes:
    """Return the photo as a JPEG that is 1,200 pixels wide."""
    result = BytesIO()
    with Image.open(BytesIO(data)) as photo:
        height = round(photo.height * WIDE / photo.width)
        photo.convert("RGB").resize((WIDE, height), Image.Resampling.LANCZOS).save(result, "JPEG", quality=88)
    return result.getvalue()


def image_stages(made: dict[str, Encoders], photos: list[bytes]) -> dict[str, Stage]:
    """Return what happens to photos before a network sees them; `prepare` includes no decoding."""
    decoder = PillowDecoder(50_000_000)
    stages: dict[str, Stage] = {}

    def each(work: Callable[[Any], object], items: Sequence[Any]) -> Stage:
        return len(items), lambda: [work(item) for item in items]

    for size, files in (("small", photos), ("wide", [widened(photo) for photo in photos])):
        pictures = [decoder.decode(file) for file in files]
        stages[f"decode.{size}"] = each(decoder.decode, files)
        for profile, encoder in made.items():
            stages[f"{profile}.prepare.{size}"] = each(encoder.image.prepare, pictures)
    return stages


def network_stages(name: str, made: Encoders, photos: list[bytes], titles: list[str]) -> dict[str, Stage]:
    """Return the two networks' part; of titles with the tokenizer's."""
    decoder = PillowDecoder(50_000_000)
    prepared = [made.image.prepare(decoder.decode(photo)) for photo in photos]
    return {
        f"{name}.image": (len(prepared), lambda: made.image.embed(prepared)),
        f"{name}.title": (len(titles), lambda: made.text.encode(titles)),
    }


def measure(stages: dict[str, Stage]) -> dict[str, float]:
    """Return items per CPU-second of each stage, median of rounds in which the stages take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in stages}
    for turn in range(ROUNDS + 1):
        for name, (_, work) in stages.items():
            start = time.process_time()
            work()
            if turn:
                seconds[name].append(time.process_time() - start)
    return {name: round(stages[name][0] / statistics.median(spent), 1) for name, spent in seconds.items()}


def main() -> None:
    """Measure, print, write the report."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else default_data()
    files = [photo.path for photo in list_photos(data)]
    photos = [file.read_bytes() for file in files[:: len(files) // PHOTOS][:PHOTOS]]
    titles = [normalise_title(planned.title) for planned in plan(TITLES, 5)]
    figures: dict[str, float] = {}
    stages: dict[str, Stage] = {}
    random = random_weights()
    made = {}
    for profile, weights in (
        ("bundled", {}),
        ("clip", {"image_weights": random.image, "text_weights": random.text}),
    ):
        for how in HOW:
            start = time.process_time()
            made[profile, how] = encoders(profile, how, weights)
            figures[f"{profile}.{how}.start_cpu_s"] = round(time.process_time() - start, 2)
    # What is prepared is the same for all.
    stages |= image_stages({profile: made[profile, "torch"] for profile in ("bundled", "clip")}, photos)
    for (profile, how), encoder in made.items():
        stages |= network_stages(f"{profile}.{how}", encoder, photos, titles)
    rates = measure(stages)
    figures |= {f"{name}.per_cpu_s": rate for name, rate in rates.items()}
    for profile, how in made:
        for size in ("small", "wide"):
            parts = (f"decode.{size}", f"{profile}.prepare.{size}", f"{profile}.{how}.image")
            cost = sum(1 / rates[part] for part in (*parts, f"{profile}.{how}.title"))
            figures[f"{profile}.{how}.products_{size}.per_cpu_s"] = round(1 / cost, 1)
    publish("encoding", figures)


if __name__ == "__main__":
    main()
