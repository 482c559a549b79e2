"""From listings to decided pairs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from shared.errors import ProfileMismatch
from shared.messages import JobOptions, Pair
from workers.index.arrays import MODALITIES, Keys, Modality
from workers.index.candidates import Candidates, pairs_across, pairs_touched, pairs_within
from workers.index.catalog import Catalog
from workers.index.classifier import SituationModel
from workers.index.classifiers import Classifiers
from workers.index.features import Setting, Situation
from workers.index.scoring import Context, Measured, measure
from workers.index.verdicts import Decided, decide

# In a smaller catalog nothing is known about what is rare.
LEAST_LISTINGS = 50


@dataclass(frozen=True, slots=True)
class Match:
    """A pair with all that is known of it, by place: query `a`, candidate `b`."""

    a: int
    b: int
    measured: Measured
    decided: Decided


@dataclass(frozen=True, slots=True)
class Outcome:
    """The pairs worth keeping, and the ids of those that were scored and are not."""

    kept: list[Pair]
    dropped: list[tuple[str, str]]


def models_of(catalog: Catalog) -> dict[Modality, str]:
    """Return the models of the catalog's embeddings."""
    return {modality: model for modality, (model, _) in catalog.listings.models().items()}


def context_of(catalog: Catalog, setting: Setting = "within") -> Context:
    """Return the rarities of the catalog; a setting other than `within` for pairs that leave it."""
    few = len(catalog.vocabulary) < LEAST_LISTINGS
    return Context(catalog.lexical, catalog.vocabulary.rarity, "alone" if few else setting)


def pair_of(match: Match, a: str, b: str) -> Pair:
    """Return the message about a pair."""
    return Pair(
        a=a,
        b=b,
        verdict=match.decided.verdict,
        probability=match.decided.probability,
        image_sim=match.measured.image_sim,
        text_sim=match.measured.text_sim,
        fused_sim=match.measured.fused_sim,
        lexical_sim=match.measured.lexical_sim,
        conflicts=match.measured.conflicts,
    )


class Matcher:
    """Finds the candidates of listings and decides about them."""

    def __init__(self, classifiers: Classifiers, pair_floor: float) -> None:
        self._classifiers = classifiers
        self._floor = pair_floor

    def regressions(
        self, models: dict[Modality, str], context: Context
    ) -> Mapping[Situation, SituationModel]:
        """Return what was calibrated for the models and the context, nothing if nothing was."""
        classifier = self._classifiers.choose(models)
        return classifier.regressions.get(context.setting, {}) if classifier else {}

    def match_within(self, catalog: Catalog, keys: Keys, options: JobOptions, among: Keys | None) -> Outcome:
        """Match listings with others of their catalog; a < b, sorted by ids."""
        found = pairs_within(catalog, keys, options.limits, among)
        return self._decide(found, context_of(catalog), models_of(catalog), options.threshold)

    def match_again(self, catalog: Catalog, keys: Keys, options: JobOptions, job: str) -> Outcome:
        """Decide again about pairs of listings outside the job that now have one of these near to them."""
        found = pairs_touched(catalog, keys, options.limits, partial(catalog.pairs.of_others, job))
        return self._decide(found, context_of(catalog), models_of(catalog), options.threshold)

    def match_across(self, catalog: Catalog, keys: Keys, options: JobOptions, other: Catalog) -> Outcome:
        """Match listings with those of another catalog; a is here, b there.

        Raises:
            ProfileMismatch: the two hold embeddings of different models.
        """
        self.check_models(models_of(catalog), other)
        found = pairs_across(catalog, keys, options.limits, other)
        return self._decide(found, context_of(other, "across"), models_of(catalog), options.threshold)

    def score(
        self,
        candidates: Candidates,
        context: Context,
        models: dict[Modality, str],
        threshold: float | None,
    ) -> list[Match]:
        """Measure pairs of places and decide about them with the classifier calibrated for the models."""
        a, b, pairs = candidates.a, candidates.b, candidates.pairs
        places = np.array(pairs, np.int64).reshape(-1, 2)
        background = self._classifiers.background(models)
        measured = measure(a, places[:, 0], b, places[:, 1], context, background)
        decided = decide(measured, self.regressions(models, context), threshold)
        return [
            Match(i, j, found, verdict)
            for (i, j), found, verdict in zip(pairs, measured, decided, strict=True)
        ]

    def _decide(
        self, found: Candidates, context: Context, models: dict[Modality, str], threshold: float | None
    ) -> Outcome:
        kept, dropped = [], []
        for match in self.score(found, context, models, threshold):
            a, b = found.a.listings[match.a].id, found.b.listings[match.b].id
            if match.decided.verdict != "different" or match.decided.probability >= self._floor:
                kept.append(pair_of(match, a, b))
            else:
                dropped.append((a, b))
        return Outcome(kept, dropped)

    def check_models(self, models: dict[Modality, str], catalog: Catalog) -> None:
        """Refuse embeddings that the catalog's cannot be compared with.

        Raises:
            ProfileMismatch: a modality that both have comes from different models.
        """
        held = models_of(catalog)
        for modality in MODALITIES:
            ours, theirs = models.get(modality), held.get(modality)
            if ours and theirs and ours != theirs:
                raise ProfileMismatch(
                    f"catalog {catalog.name} holds {modality} embeddings of {theirs}, these are of {ours}: "
                    "use the profile that filled it, or another catalog"
                )
