"""From listings to decided pairs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Final

import numpy as np
from pydantic_core import to_json

from shared.errors import ProfileMismatch
from shared.messages import JobOptions, Pair
from workers.index.arrays import MODALITIES, Keys, Modality, Scores
from workers.index.candidates import Candidates, pairs_across, pairs_touched, pairs_within
from workers.index.catalog import Catalog
from workers.index.classifier import SituationModel
from workers.index.classifiers import Classifiers
from workers.index.features import Setting, Situation
from workers.index.pairing import Places
from workers.index.scoring import Context, Measured, Measurements, measure
from workers.index.store.pairs import FoundPair
from workers.index.verdicts import VERDICTS, Decided, Decisions, decide

# In a smaller catalog nothing is known about what is rare.
LEAST_LISTINGS = 50
_PAIR: Final = tuple(Pair.model_fields)
_AT_ONCE: Final = 4096
"""Pairs that are decided about at once: what is made of each of their listings is made again for the next."""


@dataclass(frozen=True, slots=True)
class Match:
    """A pair with all that is known of it, by place: query `a`, candidate `b`."""

    a: int
    b: int
    measured: Measured
    decided: Decided


@dataclass(frozen=True, slots=True)
class Scored:
    """Candidates with all that is known of each pair."""

    candidates: Candidates
    measured: Measurements
    decided: Decisions

    def matches(self) -> list[Match]:
        """Return every pair."""
        return [
            Match(a, b, self.measured[place], self.decided[place])
            for place, (a, b) in enumerate(self.candidates.pairs.tolist())
        ]

    def ids(self, places: Places) -> Iterator[tuple[str, str]]:
        """Yield the ids of the pairs at places."""
        a, b = self.candidates.a.listings, self.candidates.b.listings
        return ((a[i].id, b[j].id) for i, j in self.candidates.pairs[places].tolist())

    def found(self, places: Places) -> Iterator[FoundPair]:
        """Yield the pairs at places, each with its message."""
        measured, decided = self.measured, self.decided
        columns = (
            [VERDICTS[verdict] for verdict in decided.verdicts[places].tolist()],
            decided.probabilities[places].tolist(),
            _known(measured.sims["image"][places]),
            _known(measured.sims["text"][places]),
            _known(measured.fused[places]),
            _known(measured.sims["lexical"][places]),
            [
                measured.conflicts(place) if conflicting else ()
                for place, conflicting in zip(
                    places.tolist(), measured.conflicting()[places].tolist(), strict=True
                )
            ],
        )
        for ids, row in zip(self.ids(places), zip(*columns, strict=True), strict=True):
            told = dict(zip(_PAIR, (*ids, *row), strict=True))
            # As `Pair(**told).model_dump_json()`, in a quarter of the time.
            yield FoundPair(*ids, row[1], row[0], to_json(told).decode())


def _known(sims: Scores) -> list[float | None]:
    return [None if isnan(sim) else sim for sim in sims.tolist()]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The pairs worth keeping, and the ids of those that were scored and are not."""

    kept: list[FoundPair]
    dropped: list[tuple[str, str]]


def models_of(catalog: Catalog) -> dict[Modality, str]:
    """Return the models of the catalog's embeddings."""
    return {modality: model for modality, (model, _) in catalog.listings.models().items()}


def context_of(catalog: Catalog, setting: Setting = "within") -> Context:
    """Return the rarities of the catalog; a setting other than `within` for pairs that leave it."""
    few = len(catalog.vocabulary) < LEAST_LISTINGS
    return Context(catalog.lexical, catalog.vocabulary.rarity, "alone" if few else setting, catalog.give_way)


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
        return self._decide(found, context_of(catalog), catalog, options.threshold)

    def match_again(self, catalog: Catalog, keys: Keys, options: JobOptions, job: str) -> Iterator[Outcome]:
        """Decide again about pairs of listings outside the job that now have one of these near to them."""
        for found in pairs_touched(catalog, keys, options.limits, partial(catalog.pairs.of_others, job)):
            yield self._decide(found, context_of(catalog), catalog, options.threshold)

    def match_across(self, catalog: Catalog, keys: Keys, options: JobOptions, other: Catalog) -> Outcome:
        """Match listings with those of another catalog; a is here, b there.

        Raises:
            ProfileMismatch: the two hold embeddings of different models.
        """
        self.check_models(models_of(catalog), other)
        found = pairs_across(catalog, keys, options.limits, other)
        return self._decide(found, context_of(other, "across"), catalog, options.threshold)

    def score(
        self,
        candidates: Candidates,
        context: Context,
        models: dict[Modality, str],
        threshold: float | None,
    ) -> Scored:
        """Measure pairs of places and decide about them with the classifier calibrated for the models."""
        a, b = candidates.pairs.T
        background, regressions = self._classifiers.background(models), self.regressions(models, context)
        measured = measure(candidates.a, a, candidates.b, b, context, background, regressions)
        return Scored(candidates, measured, decide(measured, regressions, threshold))

    def _decide(
        self, found: Candidates, context: Context, catalog: Catalog, threshold: float | None
    ) -> Outcome:
        outcome, models = Outcome([], []), models_of(catalog)
        for part in found.parts(_AT_ONCE):
            catalog.give_way()
            scored = self.score(part, context, models, threshold)
            worth = ~scored.decided.are("different") | (scored.decided.probabilities >= self._floor)
            outcome.kept.extend(scored.found(np.flatnonzero(worth)))
            outcome.dropped.extend(scored.ids(np.flatnonzero(~worth)))
        return outcome

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
