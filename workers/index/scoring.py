"""Similarities and features of many pairs at once."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.messages import Conflict
from workers.index.arrays import MODALITIES, Channel, Modality, Scores, similarities
from workers.index.background import Background, normalised
from workers.index.classifier import Matrix
from workers.index.features import (
    SEEN,
    Setting,
    Situation,
    attribute_features,
    names_of,
    situation_of,
    token_features,
    word_features,
)
from workers.index.names import Weights
from workers.index.ports import LexicalIndex
from workers.index.sides import Sides
from workers.index.surroundings import LEAD_LEAST, surroundings_of
from workers.index.tokens.conflicts import compare, conflicts_of

ALPHA = 0.5
# Pairs whose vectors are compared at a time: a training measures hundreds of thousands.
_BLOCK = 4096
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a pair: how rare character sequences and words are where it was found.

    Its setting is `alone` when nothing does, or too little to know what is rare.
    """

    lexical: LexicalIndex
    rarity: Callable[[str], float]
    setting: Setting


@dataclass(frozen=True, slots=True)
class Measured:
    """One pair with all that is known of it; a similarity is None where a side lacks it."""

    situation: Situation | None
    image_sim: float | None
    text_sim: float | None
    lexical_sim: float | None
    conflicts: tuple[Conflict, ...]
    values: tuple[float, ...]
    """The features in the order of `features.names_of`."""

    @property
    def fused_sim(self) -> float | None:
        """Half image, half text; the one that is there if the other is not."""
        if self.image_sim is not None and self.text_sim is not None:
            return round(ALPHA * self.image_sim + (1 - ALPHA) * self.text_sim, 9)
        return self.image_sim if self.image_sim is not None else self.text_sim


def measure(
    a: Sides,
    places_a: Places,
    b: Sides,
    places_b: Places,
    context: Context,
    background: Background | None,
) -> list[Measured]:
    """Measure the pairs (a[places_a[i]], b[places_b[i]]); without a background, images are not normalised.

    Both sides must know what is near to them unless the setting is `alone`.
    """
    shared = {
        modality: a.present[modality][places_a] & b.present[modality][places_b] for modality in MODALITIES
    }
    sims: dict[Channel, Scores] = {
        modality: _vector_sims(a, places_a, b, places_b, modality, shared[modality])
        for modality in MODALITIES
    }
    biases_a = _biases(a, background)
    biases_b = biases_a if b is a else _biases(b, background)
    norms = normalised(sims["image"], biases_a[places_a], biases_b[places_b])
    lexical = (
        context.lexical.similarities(a.rows[places_a], b.rows[places_b]) if len(places_a) else np.empty(0)
    )
    sims["lexical"] = lexical
    around = {} if context.setting == "alone" else _surroundings(a, places_a, b, places_b, sims)
    plain, bounded = Weights(context.rarity), Weights.bounded(context.rarity)
    measured = []
    for i, (place_a, place_b) in enumerate(zip(places_a, places_b, strict=True)):
        facts_a, facts_b = a.facts[place_a], b.facts[place_b]
        situation = situation_of(bool(shared["image"][i]), bool(shared["text"][i]))
        titled = bool(shared["text"][i])
        comparisons = compare(facts_a, facts_b)
        features = attribute_features(facts_a, facts_b) | {
            "image_sim": float(sims["image"][i]),
            "image_norm": float(norms[i]),
            "text_sim": float(sims["text"][i]),
            "lexical_sim": float(lexical[i]),
        }
        if titled:
            features |= word_features(facts_a, facts_b, plain, bounded) | token_features(comparisons)
        measured.append(
            Measured(
                situation=situation,
                image_sim=features["image_sim"] if shared["image"][i] else None,
                text_sim=features["text_sim"] if titled else None,
                lexical_sim=features["lexical_sim"] if titled else None,
                conflicts=conflicts_of(comparisons),
                values=_values(situation, features, around, i),
            )
        )
    return measured


def _surroundings(
    a: Sides, places_a: Places, b: Sides, places_b: Places, sims: Mapping[Channel, Scores]
) -> dict[Channel, NDArray[np.float64]]:
    """Return per channel what surrounds the pairs, (n, aspects)."""
    near_a, near_b = a.near, b.near
    assert near_a is not None and near_b is not None  # noqa: S101, PT018 - the caller's duty
    keys_a, keys_b = a.keys()[places_a], b.keys()[places_b]
    return {
        channel: np.stack(
            surroundings_of(
                near_a[channel].of(places_a), near_b[channel].of(places_b), keys_a, keys_b, found
            ),
            axis=1,
        )
        for channel, found in sims.items()
    }


def _values(
    situation: Situation | None,
    features: dict[str, float],
    around: dict[Channel, NDArray[np.float64]],
    place: int,
) -> tuple[float, ...]:
    if situation is None:
        return ()
    values = [features[name] for name in names_of(situation, "alone")]
    if around:
        for channel in SEEN[situation]:
            values += around[channel][place].tolist()
        if "lexical" in SEEN[situation]:
            values.append(features["start_match"] * float(around["lexical"][place, LEAD_LEAST]))
    return tuple(values)


def by_situation(measured: list[Measured]) -> dict[Situation, tuple[list[int], Matrix]]:
    """Return, per situation, which pairs are in it and their features (n, features)."""
    places: dict[Situation, list[int]] = defaultdict(list)
    for i, pair in enumerate(measured):
        if pair.situation is not None:
            places[pair.situation].append(i)
    return {
        situation: (chosen, np.array([measured[i].values for i in chosen], np.float64))
        for situation, chosen in places.items()
    }


def _biases(sides: Sides, background: Background | None) -> Scores:
    biases = np.zeros(len(sides.listings))
    present = sides.present["image"]
    if background is not None and present.any():
        biases[present] = background.biases(sides.vectors["image"][present])
    return biases


def _vector_sims(
    a: Sides, places_a: Places, b: Sides, places_b: Places, modality: Modality, shared: NDArray[np.bool_]
) -> Scores:
    sims = np.zeros(len(places_a))
    here = np.flatnonzero(shared)
    for start in range(0, len(here), _BLOCK):
        part = here[start : start + _BLOCK]
        sims[part] = similarities(a.vectors[modality][places_a[part]], b.vectors[modality][places_b[part]])
    return sims
