"""Chooses the classifier that was calibrated for a catalog's embeddings."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from workers.index.arrays import Modality
from workers.index.classifier import Classifier, load_classifier


class Classifiers:
    """The classifiers at hand."""

    def __init__(self, classifiers: Iterable[Classifier]) -> None:
        self._classifiers = tuple(classifiers)

    @classmethod
    def load(cls, folder: Path) -> "Classifiers":
        """Read the classifier of every profile in the folder.

        Raises:
            ArtifactError: one cannot be read.
        """
        return cls(load_classifier(path) for path in sorted(folder.glob("*/classifier.json")))

    def choose(self, models: Mapping[Modality, str]) -> Classifier | None:
        """Return the first classifier made for the models in use, None if there is none."""
        for classifier in self._classifiers:
            if models and all(classifier.models.get(modality) == model for modality, model in models.items()):
                return classifier
        return None
