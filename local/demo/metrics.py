"""How good the found duplicates are, measured on pairs against the known truth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from client import Group, Pair

UnorderedPair = tuple[str, str]
DEFINITION = (
    "A true duplicate pair is any two listings of one product. Found pairs are any two listings of one "
    "found group (duplicate_*), or the pairs with verdict duplicate (pair_*). Precision: true ones among "
    "the found; recall: found ones among the true. A same-photo variant pair counts as called duplicate "
    "when its verdict is duplicate or one group holds both."
)


@dataclass(frozen=True, slots=True)
class Score:
    """Precision and recall of found pairs; 1 where there was nothing to find wrongly, or nothing to find."""

    precision: float
    recall: float
    found: int
    true: int
    hits: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of a run; the last one is None when no variants share a photo."""

    groups: Score
    pairs: Score
    same_photo_variants: int
    same_photo_variants_called_duplicate: float | None


def unordered(a: str, b: str) -> UnorderedPair:
    """Return the pair in the one order in which it is counted."""
    return (a, b) if a < b else (b, a)


def pairs_within(sets: Iterable[Sequence[str]]) -> set[UnorderedPair]:
    """Return all pairs whose two listings are in one set."""
    return {unordered(a, b) for members in sets for a, b in combinations(members, 2)}


def score(found: set[UnorderedPair], true: set[UnorderedPair]) -> Score:
    """Compare found pairs with true ones."""
    hits = len(found & true)
    return Score(
        precision=hits / len(found) if found else 1.0,
        recall=hits / len(true) if true else 1.0,
        found=len(found),
        true=len(true),
        hits=hits,
    )


def measure(truth: Mapping[str, Any], groups: Iterable[Group], pairs: Iterable[Pair]) -> Metrics:
    """Return the figures; `truth` is what `truth.json` of a sample catalog holds."""
    products: dict[str, list[str]] = {}
    for listing, known in truth["listings"].items():
        products.setdefault(known["product"], []).append(listing)
    true = pairs_within(products.values())
    grouped = pairs_within([member.id for member in group.members] for group in groups)
    called = {unordered(pair.a, pair.b) for pair in pairs if pair.verdict == "duplicate"}
    same_photo = {unordered(a, b) for a, b in truth["same_photo_variants"]}
    wrong = len(same_photo & (called | grouped))
    return Metrics(
        groups=score(grouped, true),
        pairs=score(called, true),
        same_photo_variants=len(same_photo),
        same_photo_variants_called_duplicate=wrong / len(same_photo) if same_photo else None,
    )
