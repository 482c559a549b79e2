"""The whole calibration: examples, regressions, thresholds, report."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import JsonValue

from workers.index.classifier import BackgroundFile, Classifier, SituationModel
from workers.index.features import SETTINGS, SITUATIONS, Setting, Situation, names_of
from workers.trainer.calibration.corpus import Corpus
from workers.trainer.calibration.evaluate import evaluate
from workers.trainer.calibration.examples import Examples, collect, stacked
from workers.trainer.calibration.fit import fit_regression
from workers.trainer.calibration.metrics import best_threshold, figures, settled_threshold

STRENGTHS: Final[dict[Setting, float]] = {"within": 3.0, "across": 0.3, "alone": 3.0}


@dataclass(frozen=True, slots=True)
class Split:
    """Catalogs to fit on, and catalogs that thresholds and figures come from."""

    training: Sequence[Corpus]
    held_out: Sequence[Corpus]


def calibrate(
    profile: str, split: Split, background: BackgroundFile | None, listings: int, directory: Path
) -> Classifier:
    """Return the classifier of a profile; its report says on what it was fitted and how it does elsewhere."""
    fitted: dict[Setting, dict[Situation, SituationModel]] = {setting: {} for setting in SETTINGS}
    held: dict[Situation, list[Examples]] = {}
    pairs: dict[str, JsonValue] = {}
    for setting, situation in product(SETTINGS, SITUATIONS):
        name = f"{situation}_{setting}"
        collected = partial(_collected, situation=situation, directory=directory / name, setting=setting)
        held_out = collected(split.held_out)
        names = names_of(situation, setting)
        fitted[setting][situation], pairs[name] = _fit(
            situation, names, STRENGTHS[setting], collected(split.training), held_out
        )
        if setting == "within":
            held[situation] = [found for found in held_out if found.corpus.kind == "tidy"]
    catalogs = {name: dict(evaluate(held_out, fitted["within"])) for name, held_out in held.items()}
    return Classifier(
        profile=profile,
        models={modality: model for modality, (model, _) in split.training[0].embeddings.models.items()},
        background=background,
        regressions=fitted,
        report={
            "data": {
                "source": "sample catalogs of this project (samples/), candidate pairs of all channels; "
                "between two catalogs also with roughened titles",
                "listings_each": listings,
                "training_seeds": _seeds(split.training),
                "held_out_seeds": _seeds(split.held_out),
                "training_sha256": _digest(split.training),
            },
            "pairs_on_held_out_seeds": pairs,
            "catalogs_on_held_out_seeds": {**catalogs},
        },
    )


def _collected(
    corpora: Sequence[Corpus], situation: Situation, directory: Path, setting: Setting
) -> list[Examples]:
    return [
        examples
        for corpus in corpora
        if corpus.kind in _kinds(situation, setting)
        for examples in collect(corpus, situation, directory / corpus.name, setting)
    ]


def _kinds(situation: Situation, setting: Setting) -> tuple[str, ...]:
    """Return the corpora that have something to teach."""
    if setting == "within":
        return ("tidy", "merged")
    # Sellers of one market copy each other's titles, two shops do not; photos stay as they are.
    return ("tidy", "rough") if setting == "across" and situation != "image_only" else ("tidy",)


def _fit(
    situation: Situation,
    names: Sequence[str],
    strength: float,
    training: list[Examples],
    held_out: list[Examples],
) -> tuple[SituationModel, JsonValue]:
    features, duplicate, related = stacked(training, situation)
    regressions = [
        fit_regression(names, features, labels, strength, conflicts_speak=speak)
        for labels, speak in ((duplicate, True), (related, False))
    ]
    features, duplicate, related = stacked(held_out, situation)
    chances = regressions[0].probabilities(features)
    kin = np.maximum(regressions[1].probabilities(features), chances)
    threshold, least = settled_threshold(chances, duplicate), best_threshold(kin, related)
    model = SituationModel(
        duplicate=regressions[0], related=regressions[1], threshold=threshold, related_threshold=least
    )
    return model, {
        "duplicate": dict(figures(chances, duplicate, threshold)),
        "related": dict(figures(kin, related, least)),
    }


def _seeds(corpora: Sequence[Corpus]) -> list[JsonValue]:
    return list(dict.fromkeys(corpus.seed for corpus in corpora))


def _digest(corpora: Sequence[Corpus]) -> str:
    """Return a hash of titles, embeddings and truth that the regressions were fitted on."""
    digest = hashlib.sha256()
    for corpus in corpora:
        for listing in corpus.listings:
            about = [
                listing.id,
                listing.title,
                corpus.products[listing.id],
                sorted(listing.attributes.items()),
            ]
            digest.update(json.dumps(about).encode())
            for held in corpus.embeddings.vectors.values():
                digest.update(held.get(listing.id, b""))
    return digest.hexdigest()
