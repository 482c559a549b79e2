"""Similarities and features of many pairs at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.messages import Conflict
from workers.index.arrays import MODALITIES, Channel, Modality, Scores, cosines_of
from workers.index.background import Background, normalised
from workers.index.classifier import Matrix
from workers.index.features import (
    SEEN,
    SITUATIONS,
    Setting,
    Situation,
    attribute_features,
    names_of,
    places_by_situation,
    situations_of,
    title_features,
    token_features,
)
from workers.index.pairing import Pairing, Places
from workers.index.ports import GiveWay, LexicalIndex, nobody_waits
from workers.index.rescoring import squares_of
from workers.index.sides import Sides
from workers.index.surroundings import LEAD_LEAST, surroundings_of
from workers.index.told import Told, compare, conflicts_at

ALPHA = 0.5
# Pairs whose vectors are compared at a time: they stay in the processor's cache.
_BLOCK = 128


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a pair: how rare character sequences and words are where it was found.

    Its setting is `alone` when nothing does, or too little to know what is rare. `give_way` is called now and
    then where many pairs are measured.
    """

    lexical: LexicalIndex
    rarity: Callable[[str], float]
    setting: Setting
    give_way: GiveWay = nobody_waits


@dataclass(frozen=True, slots=True)
class Measured:
    """One pair with all that is known of it; a similarity is None where a side lacks it."""

    situation: Situation | None
    image_sim: float | None
    text_sim: float | None
    fused_sim: float | None
    """Half image, half text; the one that is there if the other is not."""
    lexical_sim: float | None
    conflicts: tuple[Conflict, ...]
    values: tuple[float, ...]
    """The features in the order of `features.names_of`; none where none were made."""


@dataclass(frozen=True, slots=True)
class Measurements:
    """n pairs with all that is known of them, column by column."""

    situations: NDArray[np.int8]
    """Places in SITUATIONS (n,), -1 where there is nothing to compare."""
    sims: dict[Channel, Scores]
    """Similarities (n,), NaN where a side lacks what is compared."""
    fused: Scores
    """Half image, half text (n,); the one that is there if the other is not."""
    told: dict[str, Told]
    matrices: dict[Situation, tuple[Places, Matrix]]
    """Per situation that features were made for, which pairs are in it (m,), and these (m, features)."""

    def __len__(self) -> int:
        return len(self.situations)

    def conflicting(self) -> NDArray[np.bool_]:
        """Say of each pair whether anything contradicts, (n,)."""
        flags: NDArray[np.bool_] = np.any([said.flags("conflict") for said in self.told.values()], axis=0)
        return flags

    def conflicts(self, pair: int) -> tuple[Conflict, ...]:
        """Return what contradicts in one pair."""
        return conflicts_at(self.told, pair)

    def __getitem__(self, pair: int) -> Measured:
        situation, values = None, ()
        if self.situations[pair] >= 0:
            situation = SITUATIONS[self.situations[pair]]
        if situation in self.matrices:
            places, matrix = self.matrices[situation]
            values = tuple(matrix[np.searchsorted(places, pair)].tolist())
        return Measured(
            situation=situation,
            image_sim=_known(self.sims["image"][pair]),
            text_sim=_known(self.sims["text"][pair]),
            fused_sim=_known(self.fused[pair]),
            lexical_sim=_known(self.sims["lexical"][pair]),
            conflicts=self.conflicts(pair),
            values=values,
        )


def _known(sim: np.float64) -> float | None:
    return None if np.isnan(sim) else float(sim)


def measure(
    a: Sides,
    places_a: Places,
    b: Sides,
    places_b: Places,
    context: Context,
    background: Background | None,
    wanted: Collection[Situation] = SITUATIONS,
) -> Measurements:
    """Measure the pairs (a[places_a[i]], b[places_b[i]]); without a background, images are not normalised.

    Both sides must know what is near to them unless the setting is `alone`. Features, which are the dearest
    part by far, are made for the `wanted` situations only.
    """
    there = {
        modality: a.present[modality][places_a] & b.present[modality][places_b] for modality in MODALITIES
    }
    titled = there["text"]
    sims: dict[Channel, Scores] = {
        modality: _vector_sims(a, places_a, b, places_b, modality, there[modality]) for modality in MODALITIES
    }
    sims["lexical"] = _lexical_sims(a, places_a, b, places_b, context)
    pairing = Pairing(a.facts, places_a, b.facts, places_b)
    told = compare(pairing)
    context.give_way()
    situations = situations_of(there["image"], titled)
    by_situation = places_by_situation(situations)
    chosen = {situation: places for situation, places in by_situation.items() if situation in wanted}
    matrices = {}
    if chosen:
        norms = _image_norms(a, places_a, b, places_b, sims["image"], background)
        context.give_way()
        features = _features(sims, norms, pairing, told, titled, context)
        around = {} if context.setting == "alone" else _surroundings(a, places_a, b, places_b, sims)
        matrices = {
            situation: (places, _matrix(situation, features, around, places))
            for situation, places in chosen.items()
        }
    known = {
        channel: np.where(there["text" if channel == "lexical" else channel], found, np.nan)
        for channel, found in sims.items()
    }
    return Measurements(
        situations=situations,
        sims=known,
        fused=_fused(known["image"], known["text"]),
        told=told,
        matrices=matrices,
    )


def _features(
    sims: Mapping[Channel, Scores],
    norms: Scores,
    pairing: Pairing,
    told: Mapping[str, Told],
    titled: NDArray[np.bool_],
    context: Context,
) -> dict[str, Scores]:
    """Return the features of all pairs (n,) but those of what surrounds them."""
    features = {
        "image_sim": sims["image"],
        "image_norm": norms,
        "text_sim": sims["text"],
        "lexical_sim": sims["lexical"],
        **attribute_features(pairing),
        **token_features(told),
    }
    for step in title_features(pairing.where(titled), context.rarity):
        for name, found in step.items():
            features[name] = np.zeros(len(titled))
            features[name][titled] = found
        context.give_way()
    return features


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


def _matrix(
    situation: Situation,
    features: Mapping[str, Scores],
    around: Mapping[Channel, Matrix],
    places: Places,
) -> Matrix:
    """Return the features of the pairs at the places, in the order of `features.names_of`."""
    columns = [features[name][places] for name in names_of(situation, "alone")]
    if around:
        for channel in SEEN[situation]:
            columns += list(around[channel][places].T)
        if "lexical" in SEEN[situation]:
            columns.append(features["start_match"][places] * around["lexical"][places, LEAD_LEAST])
    return np.stack(columns, axis=1)


def _fused(image: Scores, text: Scores) -> Scores:
    both = np.round(ALPHA * image + (1 - ALPHA) * text, 9)
    return np.where(np.isnan(image), text, np.where(np.isnan(text), image, both))


def _lexical_sims(a: Sides, places_a: Places, b: Sides, places_b: Places, context: Context) -> Scores:
    if not len(places_a):
        return np.empty(0)
    return context.lexical.similarities(a.rows[places_a], b.rows[places_b])


def _image_norms(
    a: Sides, places_a: Places, b: Sides, places_b: Places, sims: Scores, background: Background | None
) -> Scores:
    biases_a = _biases(a, background)
    biases_b = biases_a if b is a else _biases(b, background)
    return normalised(sims, biases_a[places_a], biases_b[places_b])


def _biases(sides: Sides, background: Background | None) -> Scores:
    biases = np.zeros(len(sides.listings))
    present = sides.present["image"]
    if background is not None and present.any():
        biases[present] = background.biases(sides.vectors["image"][present])
    return biases


def _vector_sims(
    a: Sides, places_a: Places, b: Sides, places_b: Places, modality: Modality, shared: NDArray[np.bool_]
) -> Scores:
    """Return the cosines of pairs that share the modality, else 0; a listing is converted once for all."""
    sims = np.zeros(len(places_a))
    here = np.flatnonzero(shared)
    if not len(here):
        return sims
    left = a.vectors[modality].astype(np.float64)
    right = left if b is a else b.vectors[modality].astype(np.float64)
    for start in range(0, len(here), _BLOCK):
        part = here[start : start + _BLOCK]
        sims[part] = (left[places_a[part]] * right[places_b[part]]).sum(axis=1)
    return cosines_of(sims, squares_of(left)[places_a], squares_of(right)[places_b])
