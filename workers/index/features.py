"""Features of a pair: pure functions, the same whichever side comes first.

A missing image or title is a situation with a model of its own, never a similarity of zero.
"""

import math
from typing import Final, Literal

from rapidfuzz import fuzz

from workers.index.arrays import CHANNELS, Channel
from workers.index.names import Weights, name_features, overlap
from workers.index.surroundings import names_of as surrounding_names
from workers.index.tokens.conflicts import KINDS, Comparison
from workers.index.tokens.facts import Facts

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
_STATES: Final = ("match", "conflict", "one_sided")
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


def situation_of(images: bool, titles: bool) -> Situation | None:
    """Return what both sides have; None if there is nothing to compare."""
    if images:
        return "image_text" if titles else "image_only"
    return "text_only" if titles else None


def word_features(a: Facts, b: Facts, plain: Weights, bounded: Weights) -> dict[str, float]:
    """Return how much the words of two titles have in common, each 0 to 1.

    `overlap_…` weighs words by rarity: the share of either title's weight that the other holds.
    """
    shared = a.words & b.words
    shares = overlap(a.words, shared, plain), overlap(b.words, shared, plain)
    first, second = sorted((a.text, b.text))
    return {
        **name_features(a, b, bounded),
        "token_set": fuzz.token_set_ratio(first, second) / 100,
        "token_sort": fuzz.token_sort_ratio(first, second) / 100,
        "partial": fuzz.partial_ratio(first, second) / 100,
        "overlap_least": min(shares),
        "overlap_most": max(shares),
    }


def token_features(comparisons: dict[str, Comparison]) -> dict[str, float]:
    """Return a flag per kind of token and state."""
    flags = {
        f"{kind}_{state}": float(found.state == state)
        for kind, found in comparisons.items()
        for state in _STATES
    }
    return flags | {"any_conflict": float(any(found.state == "conflict" for found in comparisons.values()))}


def attribute_features(a: Facts, b: Facts) -> dict[str, float]:
    """Return what brand, price and GTIN say where both sides have them; `price_gap` is |ln(price ratio)|."""
    brands, codes = bool(a.brand and b.brand), bool(a.gtin and b.gtin)
    known, gap = a.price is not None and b.price is not None, 0.0
    if a.price is not None and b.price is not None:
        # Larger over smaller: the logarithms of a ratio and of its inverse may differ in the last digit.
        gap = math.log(max(a.price, b.price) / min(a.price, b.price))
    return {
        "brand_match": float(brands and a.brand == b.brand),
        "brand_conflict": float(brands and a.brand != b.brand),
        "price_gap": min(gap, _MOST_PRICE_GAP),
        "price_unknown": float(not known),
        "gtin_match": float(codes and a.gtin == b.gtin),
        "gtin_conflict": float(codes and a.gtin != b.gtin),
    }
