"""Chooses the classifier that was calibrated for a catalog's embeddings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.precision import without_precision
from workers.index.arrays import Modality
from workers.index.background import Background, load_background
from workers.index.classifier import Classifier, load_classifier

Models = Mapping[Modality, str]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A classifier, and the background that its image similarities are normalised with."""

    classifier: Classifier
    background: Background | None


class Classifiers:
    """The classifiers at hand."""

    def __init__(self, calibrations: Iterable[Calibration]) -> None:
        self._calibrations = tuple(calibrations)

    @classmethod
    def load(cls, folder: Path) -> "Classifiers":
        """Read the classifier of every profile in the folder.

        Raises:
            ArtifactError: one cannot be read, or its background.
        """
        return cls(load_calibration(path) for path in sorted(folder.glob("*/classifier.json")))

    def choose(self, models: Models) -> Classifier | None:
        """Return the first classifier made for the models in use, None if there is none."""
        found = self._find(models)
        return found.classifier if found else None

    def background(self, models: Models) -> Background | None:
        """Return the background that goes with that classifier, None if there is none."""
        found = self._find(models)
        return found.background if found else None

    def _find(self, models: Models) -> Calibration | None:
        for calibration in self._calibrations:
            # Precision is held to where it moves similarities less than any classifier can tell.
            known = {m: without_precision(model) for m, model in calibration.classifier.models.items()}
            if models and all(known.get(m) == without_precision(model) for m, model in models.items()):
                return calibration
        return None


def load_calibration(path: Path) -> Calibration:
    """Read a classifier and its background.

    Raises:
        ArtifactError: either cannot be read.
    """
    classifier, background = load_classifier(path), None
    if named := classifier.background:
        background = load_background(path.parent / named.file, named.sha256, named.dim)
    return Calibration(classifier, background)
