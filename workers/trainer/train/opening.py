"""Opens what a run needs: the data set, the profile with its shipped classifier, and the embeddings."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shared.profile import Profile, load_profile
from shared.settings import EncoderSettings
from workers.index.arrays import Modality
from workers.index.background import Background, load_background
from workers.index.classifier import BackgroundFile, Classifier, load_classifier
from workers.trainer.calibration.main import background_of
from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.embedding import Embeddings, Progress
from workers.trainer.train.encoding import EncodeBy, encode
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


def open_profile(
    name: str, data: LabelledCatalog | PairBenchmark, cache: Path, by: EncodeBy, say: Say
) -> Opened:
    """Load a profile by name or by the path of its manifest, and encode the data with it.

    Raises:
        ArtifactError: there is no such profile, or its models cannot be had.
        DoppelError: running encoders were asked for, and did not do it; see `encoding.encode`.
    """
    profile, folder = load_profile(name, EncoderSettings().artifacts_dir)
    embeddings = encode(profile, folder, data, cache, by, progress_lines(say))
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
