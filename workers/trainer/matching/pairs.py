"""Public product pairs: what surroundings are worth, and what the shipped classifier does where it never was.

Abt-Buy and Amazon-Google (Köpcke et al., "Evaluation of entity resolution approaches on real-world match
problems", 2010) with the official splits (Mudgal et al., "Deep Learning for Entity Matching", 2018). Fitted
on train, threshold from valid, figures from test.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.messages import Listing
from shared.profile import load_profile
from shared.settings import EncoderSettings
from workers.encoder.models import Encoders, build_encoders
from workers.index.classifier import SituationModel
from workers.index.classifiers import load_calibration
from workers.index.features import names_of
from workers.trainer.calibration.fit import fit_regression
from workers.trainer.calibration.metrics import best_threshold
from workers.trainer.calibration.strength import choose_strength
from workers.trainer.datasets.labelled import SPLITS, PairBenchmark, Split
from workers.trainer.datasets.mapping import Columns
from workers.trainer.datasets.pairs import read_pairs
from workers.trainer.embedding import embed
from workers.trainer.train.candidates import Candidates

K: Final = 10
TITLES: Final = {"abt_buy": ("name",), "amazon_google": ("manufacturer", "title")}
_ALL: Final = names_of("text_only", "across")
_PAIRWISE: Final = names_of("text_only", "alone")
_WAYS: Final[dict[str, tuple[str, ...]]] = {
    "f1": _ALL,
    "pairwise_f1": _PAIRWISE,
    "sbert_f1": ("text_sim",),
    "tfidf_f1": ("lexical_sim",),
}
Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Part:
    """Labelled pairs of a split: features (n, features), labels (n,), number of the left listing (n,)."""

    features: Matrix
    labels: Flags
    lefts: NDArray[np.int64]

    def of(self, names: Sequence[str]) -> Matrix:
        """Return some of the features."""
        return self.features[:, [_ALL.index(name) for name in names]]


def run(data: Path, work: Path) -> dict[str, float]:
    """Return F1 on the test pairs per benchmark, with titles only and with prices, and candidate recall."""
    settings = EncoderSettings()
    profile, folder = load_profile("bundled", settings.artifacts_dir)
    encoders = build_encoders(profile, folder, settings)
    shipped = load_calibration(folder / "classifier.json").classifier.regressions["across"]["text_only"]
    figures: dict[str, float] = {}
    for name, titles in TITLES.items():
        benchmark = read_pairs(data / name, Columns(title=titles))
        for price in (False, True):
            prefix = f"{name}_price" if price else name
            parts, recall = _measured(benchmark, encoders, work / "embeddings", price=price)
            if not price:
                figures[f"{name}_recall_at_10"] = recall
            for way, names in _WAYS.items():
                figures[f"{prefix}_{way}"] = _tuned(parts, names)
            figures[f"{prefix}_default_f1"] = _default(parts["test"], shipped)
    return {name: round(value, 4) for name, value in figures.items()}


def _measured(
    benchmark: PairBenchmark, encoders: Encoders, cache: Path, *, price: bool
) -> tuple[dict[Split, Part], float]:
    """Return the parts, and the share of all labelled matches among the candidates of the left listings."""
    tables = [[_bare(listing, price=price) for listing in side] for side in (benchmark.left, benchmark.right)]
    embeddings = embed([listing for table in tables for listing in table], None, encoders, cache)
    numbers = {listing.id: number for number, listing in enumerate(benchmark.left)}
    parts: dict[Split, Part] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Candidates(Path(folder), tables, embeddings, ("text",), None) as opened,
    ):
        for split in SPLITS:
            labelled = benchmark.splits[split]
            measured = opened.measure([(pair.left, pair.right) for pair in labelled])
            parts[split] = Part(
                measured.matrices["text_only"][1],
                np.array([pair.duplicate for pair in labelled], bool),
                np.array([numbers[pair.left] for pair in labelled], np.int64),
            )
        matches = {(a, b) for a, found in benchmark.matches().items() for b in found}
        recall = len(matches.intersection(opened.retrieved(K))) / len(matches)
    return parts, recall


def _bare(listing: Listing, *, price: bool) -> Listing:
    """Return the listing with its title only, and its price if that is to count."""
    kept = {name: value for name, value in listing.attributes.items() if price and name == "price"}
    return listing.model_copy(update={"attributes": kept})


def _tuned(parts: dict[Split, Part], names: Sequence[str]) -> float:
    train, valid, test = (parts[split] for split in SPLITS)
    strength = choose_strength(names, train.of(names), train.labels, train.lefts)
    fitted = fit_regression(names, train.of(names), train.labels, strength, conflicts_speak=True)
    threshold = best_threshold(fitted.probabilities(valid.of(names)), valid.labels)
    return _f1(fitted.probabilities(test.of(names)) >= threshold, test.labels)


def _default(test: Part, shipped: SituationModel) -> float:
    return _f1(shipped.duplicate.probabilities(test.features) >= shipped.threshold, test.labels)


def _f1(called: Flags, labels: Flags) -> float:
    return float(2 * (called & labels).sum() / max(int(called.sum() + labels.sum()), 1))
