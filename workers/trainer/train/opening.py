"""Opens what a run needs: the data set, the profile with its shipped classifier, and the embeddings."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shared.profile import Profile, load_profile
from shared.settings import EncoderSettings
from workers.encoder.models import build_encoders
from workers.index.arrays import Modality
from workers.index.background import Background, load_background
from workers.index.classifier import BackgroundFile, Classifier, load_classifier
from workers.trainer.calibration.main import background_of
from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.embedding import Embeddings, Progress, embed
from workers.trainer.train.profile_folder import CLASSIFIER

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Opened:
    """A profile; `shipped` is its classifier, None where it has none for these models."""

    profile: Profile
    folder: Path
    background_file: BackgroundFile | None
    background: Background | None
    shipped: Classifier | None
    embeddings: Embeddings

    @property
    def models(self) -> dict[Modality, str]:
        """The names of the models that the embeddings are of."""
        return {modality: model for modality, (model, _) in self.embeddings.models.items()}


def open_profile(name: str, data: LabelledCatalog | PairBenchmark, cache: Path, say: Say) -> Opened:
    """Load a profile by name or by the path of its manifest, and encode the data with it.

    Raises:
        ArtifactError: there is no such profile, or its models cannot be had.
    """
    settings = EncoderSettings()
    profile, folder = load_profile(name, settings.artifacts_dir)
    encoders = build_encoders(profile, folder, settings)
    root = data.root if isinstance(data, LabelledCatalog) else None
    embeddings = embed(data.listings, root, encoders, cache, progress_lines(say))
    named = background_of(profile, folder)
    shipped = load_classifier(folder / CLASSIFIER) if (folder / CLASSIFIER).is_file() else None
    if shipped is not None and shipped.models != {m: name for m, (name, _) in embeddings.models.items()}:
        say(f"{folder / CLASSIFIER} was calibrated for other models: nothing is taken over from it")
        shipped = None
    background = load_background(folder / named.file, named.sha256, named.dim) if named else None
    return Opened(profile, folder, named, background, shipped, embeddings)


def progress_lines(say: Say) -> Progress:
    """Return what says so whenever another tenth is encoded."""
    told: dict[Modality, int] = {}

    def heard(modality: Modality, done: int, total: int) -> None:
        tenth = 10 * done // total
        if tenth > told.get(modality, 0):
            told[modality] = tenth
            say(f"encoded {done:,} of {total:,} {'photos' if modality == 'image' else 'titles'}")

    return heard
