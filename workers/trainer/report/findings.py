"""What a report is made from: judged pairs, figures of retrieval and groups, and words about the data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from workers.trainer.calibration.metrics import calibration_error
from workers.trainer.report.metrics import Ids

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]
RECALL_AT: Final = (1, 5, 10, 50)


@dataclass(frozen=True, slots=True)
class JudgedPairs:
    """n pairs, what was said of them, and the truth.

    Attributes:
        ids: ids of both listings.
        chances: (n,), probability of a duplicate.
        called: (n,), whether the pair was called a duplicate.
        duplicate: (n,), whether it is one.
        similarities: (n,) each, by name; NaN where a side lacks what is compared.
    """

    ids: list[Ids]
    chances: Scores
    called: Flags
    duplicate: Flags
    similarities: Mapping[str, Scores] = field(default_factory=dict)

    def where(self, chosen: Flags) -> "JudgedPairs":
        """Return some of the pairs; `chosen` is (n,)."""
        return JudgedPairs(
            [ids for ids, wanted in zip(self.ids, chosen, strict=True) if wanted],
            self.chances[chosen],
            self.called[chosen],
            self.duplicate[chosen],
            {name: values[chosen] for name, values in self.similarities.items()},
        )


@dataclass(frozen=True, slots=True)
class PairRow:
    """One line of the table of pair figures; `honest` says that the pairs are what retrieval returns."""

    classifier: str
    pairs: str
    honest: bool
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ListingView:
    """What is shown of a listing."""

    title: str
    photo: Path | None
    group: str


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a report shows.

    Attributes:
        title: heading.
        data: facts about the data, for people.
        model: facts about models, options and versions, for people.
        retrieval: by channel, `recall@…` and `map`.
        pairs: the table of pair figures; the first row is the headline.
        judged: the pairs behind curves, histograms and mistakes: those that retrieval returned.
        thresholds: by what the two sides have.
        catalog: figures over listings and groups; empty where there are no groups.
        view: gives what is shown of a listing.
        notes: what has to be known to read the figures.
    """

    title: str
    data: Mapping[str, str | int]
    model: Mapping[str, str]
    retrieval: Mapping[str, Mapping[str, float]]
    pairs: tuple[PairRow, ...]
    judged: JudgedPairs
    thresholds: Mapping[str, float]
    catalog: Mapping[str, float]
    view: Callable[[str], ListingView]
    notes: tuple[str, ...] = ()


def pair_figures(judged: JudgedPairs) -> dict[str, float]:
    """Return precision, recall and F1 of what was called a duplicate, and figures that need no threshold.

    Areas are left out where only one kind of pair is there. Every figure but the counts is from 0 to 1.
    """
    hits = int((judged.called & judged.duplicate).sum())
    called, true = int(judged.called.sum()), int(judged.duplicate.sum())
    found = {
        "pairs": float(len(judged.ids)),
        "positives": float(true),
        "precision": hits / max(called, 1),
        "recall": hits / max(true, 1),
        "f1": 2 * hits / max(called + true, 1),
    }
    if 0 < true < len(judged.ids):
        found |= {
            "roc_auc": float(roc_auc_score(judged.duplicate, judged.chances)),
            "pr_auc": float(average_precision_score(judged.duplicate, judged.chances)),
            "brier": float(brier_score_loss(judged.duplicate, judged.chances)),
            "calibration_error": calibration_error(judged.chances, judged.duplicate),
        }
    return {name: round(value, 4) for name, value in found.items()}
