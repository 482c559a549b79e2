"""Features of a pair: pure functions, the same whichever side comes first.

A missing image or title is a situation with a model of its own, never a similarity of zero.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.fuzz import partial_ratio, token_set_ratio, token_sort_ratio
from rapidfuzz.process import cpdist

from workers.index.arrays import CHANNELS, Channel, Scores
from workers.index.names import Rarity, name_features, overlaps
from workers.index.pairing import Pairing, Places
from workers.index.surroundings import names_of as surrounding_names
from workers.index.tokens.conflicts import KINDS, State
from workers.index.tokens.facts import Facts
from workers.index.told import Told

Situation = Literal["image_text", "text_only", "image_only"]
Setting = Literal["within", "across", "alone"]
"""Where the two listings of a pair come from: one catalog, two catalogs, or none."""

SETTINGS: Final[tuple[Setting, ...]] = ("within", "across", "alone")
SITUATIONS: Final[tuple[Situation, ...]] = ("image_text", "text_only", "image_only")

_IMAGE: Final = ("image_sim", "image_norm")
_TEXT: Final = (
    "text_sim", "lexical_sim", "token_set", "token_sort", "partial", "overlap_least", "overlap_most",
    "name_least", "name_most", "strange_least", "strange_most", "start_match", "codes_least",
)  # fmt: skip
_STATES: Final[tuple[State, ...]] = ("match", "conflict", "one_sided")
_TOKENS: Final = (*(f"{kind}_{state}" for kind in KINDS for state in _STATES), "any_conflict")
_ATTRIBUTES: Final = (
    "brand_match",
    "brand_conflict",
    "price_gap",
    "price_unknown",
    "gtin_match",
    "gtin_conflict",
)
_ALONE: Final[dict[Situation, tuple[str, ...]]] = {
    "image_text": (*_IMAGE, *_TEXT, *_TOKENS, *_ATTRIBUTES),
    "text_only": (*_TEXT, *_TOKENS, *_ATTRIBUTES),
    "image_only": (*_IMAGE, *_ATTRIBUTES),
}
SEEN: Final[dict[Situation, tuple[Channel, ...]]] = {
    "image_text": ("image", "text", "lexical"),
    "text_only": ("text", "lexical"),
    "image_only": ("image",),
}
"""The channels whose lists surround a pair."""
JOINT: Final = "lead_with_start"
"""`lexical_lead_least` where both titles start with one word, else 0: the best of one maker's listings."""

_SURROUNDED: Final[dict[Situation, tuple[str, ...]]] = {
    situation: (
        *names,
        *(name for channel in SEEN[situation] for name in surrounding_names(channel)),
        *((JOINT,) if "lexical" in SEEN[situation] else ()),
    )
    for situation, names in _ALONE.items()
}
# Those that take more values than 0 and 1.
CONTINUOUS: Final = frozenset(
    (*_IMAGE, *_TEXT, "price_gap", JOINT, *(n for c in CHANNELS for n in surrounding_names(c)))
)
_MOST_PRICE_GAP = 2.0


def names_of(situation: Situation, setting: Setting) -> tuple[str, ...]:
    """Return the names of the features; a pair compared without a catalog has no surroundings."""
    return (_ALONE if setting == "alone" else _SURROUNDED)[situation]


def situations_of(images: NDArray[np.bool_], titles: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return what both sides of pairs have, as places in SITUATIONS (n,); -1 for nothing to compare."""
    numbers = {situation: number for number, situation in enumerate(SITUATIONS)}
    kinds: tuple[tuple[Situation, NDArray[np.bool_]], ...] = (
        ("image_text", images & titles), ("text_only", titles), ("image_only", images),
    )  # fmt: skip
    return np.select([here for _, here in kinds], [numbers[name] for name, _ in kinds], -1).astype(np.int8)


def places_by_situation(situations: NDArray[np.int8]) -> dict[Situation, Places]:
    """Return which pairs (m,) are in each situation that any is in, of `situations_of` pairs (n,)."""
    places = {each: np.flatnonzero(situations == number) for number, each in enumerate(SITUATIONS)}
    return {each: found for each, found in places.items() if len(found)}


def title_features(pairing: Pairing, rarity: Rarity) -> Iterator[dict[str, Scores]]:
    """Yield, in steps, how much the words of two titles have in common, each 0 to 1, (n,).

    `overlap_…` weighs words by rarity: the share of either title's weight that the other holds.
    """
    yield name_features(pairing, rarity)
    yield _ratios(pairing)
    shares = overlaps(pairing, rarity)
    yield {"overlap_least": np.minimum(*shares), "overlap_most": np.maximum(*shares)}


def _ratios(pairing: Pairing) -> dict[str, Scores]:
    titles = pairing.combinations(lambda facts: facts.text)
    # A partial ratio may depend on which text comes first.
    ordered = [sorted(both) for both in titles.compared(lambda a, b: (a, b))]
    first, second = [both[0] for both in ordered], [both[1] for both in ordered]
    scorers = {"token_set": token_set_ratio, "token_sort": token_sort_ratio, "partial": partial_ratio}
    return {
        name: cpdist(first, second, scorer=scorer, dtype=np.float64)[titles.of_pair] / 100
        for name, scorer in scorers.items()
    }


def token_features(told: Mapping[str, Told]) -> dict[str, Scores]:
    """Return a flag per kind of token and state, (n,)."""
    flags = {f"{kind}_{state}": said.flags(state) for kind, said in told.items() for state in _STATES}
    return flags | {"any_conflict": np.maximum.reduce([said.flags("conflict") for said in told.values()])}


def attribute_features(pairing: Pairing) -> dict[str, Scores]:
    """Return what brand, price and GTIN say where both sides have them; `price_gap` is |ln(price ratio)|."""
    left, right = pairing.numbers(lambda facts: math.nan if facts.price is None else facts.price)
    known = ~np.isnan(left) & ~np.isnan(right)
    # Larger over smaller: the logarithms of a ratio and of its inverse may differ in the last digit.
    gaps = np.log(np.fmax(left, right) / np.fmin(left, right), out=np.zeros(len(known)), where=known)
    return {
        **_equalities("brand", pairing, lambda facts: facts.brand),
        "price_gap": np.minimum(gaps, _MOST_PRICE_GAP),
        "price_unknown": (~known).astype(np.float64),
        **_equalities("gtin", pairing, lambda facts: facts.gtin),
    }


def _equalities(name: str, pairing: Pairing, read: Callable[[Facts], str]) -> dict[str, Scores]:
    values, left, right = pairing.codes(read)
    there = np.array([bool(value) for value in values], bool)
    both, same = there[left] & there[right], left == right
    return {
        f"{name}_match": (both & same).astype(np.float64),
        f"{name}_conflict": (both & ~same).astype(np.float64),
    }
