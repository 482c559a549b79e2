"""Calibrates the classifier of a profile: `python -m workers.trainer.calibration --profile bundled`."""

import argparse
import hashlib
import json
import logging
import tempfile
from pathlib import Path

from shared.logs import configure_logging
from shared.profile import Profile, load_profile
from shared.settings import EncoderSettings
from workers.encoder.models import Encoders, build_encoders
from workers.index.background import Background, load_background
from workers.index.classifier import BackgroundFile
from workers.trainer.calibration.calibrate import Split, calibrate
from workers.trainer.calibration.corpus import Corpus, make_corpus
from workers.trainer.calibration.merged import merged
from workers.trainer.calibration.rough import roughened

LOCAL = "local-dir:"

log = logging.getLogger(__name__)


def main() -> None:
    """Write `classifier.json` into the folder of the profile."""
    arguments = _arguments()
    configure_logging("calibration")
    settings = EncoderSettings()
    profile, folder = load_profile(arguments.profile, settings.artifacts_dir)
    encoders = build_encoders(profile, folder, settings)
    named = background_of(profile, folder)
    background = load_background(folder / named.file, named.sha256, named.dim) if named else None
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)

        def corpora(seeds: list[int]) -> list[Corpus]:
            tidy = [_corpus(directory / str(seed), arguments, seed, encoders, background) for seed in seeds]
            return [*tidy, *(roughened(corpus, encoders) for corpus in tidy), merged(tidy)]

        split = Split(corpora(arguments.seeds), corpora(arguments.held_out))
        classifier = calibrate(profile.name, split, named, arguments.listings, directory / "catalogs")
    path = arguments.output or folder / "classifier.json"
    path.write_text(classifier.model_dump_json(indent=1) + "\n", encoding="utf-8")
    log.info("written", extra={"path": str(path)})
    print(json.dumps(classifier.report, indent=1))  # noqa: T201 - the command's answer


def background_of(profile: Profile, folder: Path) -> BackgroundFile | None:
    """Return the background that lies beside the image weights of the profile, None if none does."""
    if not profile.image.model.startswith(LOCAL):
        return None
    file = f"{profile.image.model.removeprefix(LOCAL)}/background.npy"
    if not (folder / file).exists():
        return None
    digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    return BackgroundFile(file=file, sha256=digest, dim=profile.image.dim)


def _corpus(
    directory: Path,
    arguments: argparse.Namespace,
    seed: int,
    encoders: Encoders,
    background: Background | None,
) -> Corpus:
    log.info("sample catalog", extra={"seed": seed, "listings": arguments.listings})
    return make_corpus(directory, arguments.listings, seed, encoders, background, arguments.workers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers.trainer.calibration", description=__doc__)
    parser.add_argument("--profile", default="bundled", help="profile to calibrate (default: bundled)")
    parser.add_argument("--listings", type=int, default=500, help="listings of each sample catalog")
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[101, 102, 103, 104, 105], help="catalogs to fit on"
    )
    parser.add_argument(
        "--held-out", type=int, nargs="+", default=[201, 202], help="catalogs for thresholds and figures"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that draw sample photos")
    parser.add_argument("--output", type=Path, help="file to write (default: classifier.json of the profile)")
    return parser.parse_args()
