"""Compares what two listings say, kind by kind."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from shared.messages import Conflict
from workers.index.tokens.colours import same_colour
from workers.index.tokens.facts import Facts
from workers.index.tokens.models import same_model

State = Literal["absent", "one_sided", "match", "conflict"]
# Ounces written as grams and the like are rounded.
_TOLERANCE: Final = 0.006
_Measures = frozenset[tuple[str, frozenset[float]]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one kind of token says about a pair; the texts name what contradicts."""

    state: State
    a: str = ""
    b: str = ""


_ABSENT = Comparison("absent")
_ONE_SIDED = Comparison("one_sided")
_MATCH = Comparison("match")


@dataclass(frozen=True, slots=True)
class Kind:
    """What of a listing's facts is compared, and how; swapping both sides swaps nothing but the texts."""

    read: Callable[[Facts], Hashable]
    compare: Callable[[Any, Any], Comparison]


def conflict_of(kind: str, found: Comparison) -> Conflict | None:
    """Return the contradiction, if it is one. A quantity is told as a size, which is what people call it."""
    if found.state != "conflict":
        return None
    return Conflict(kind="size" if kind == "quantity" else kind, a=found.a, b=found.b)


def _equal(a: object, b: object) -> bool:
    return a == b


def _close(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= _TOLERANCE * max(a, b)


def _agree(a: Iterable[Any], b: Iterable[Any], same: Callable[[Any, Any], bool]) -> bool:
    others = list(b)
    return any(same(x, y) for x in a for y in others)


def _sets(
    a: frozenset[Any], b: frozenset[Any], same: Callable[[Any, Any], bool], form: str = "{}"
) -> Comparison:
    """Sets that share a value match: a title may list several colours."""
    if not a and not b:
        return _ABSENT
    if not a or not b:
        return _ONE_SIDED
    if _agree(a, b, same):
        return _MATCH
    return Comparison("conflict", _join(a, form), _join(b, form))


def _join(values: Iterable[Any], form: str) -> str:
    return ", ".join(form.format(f"{v:g}" if isinstance(v, float) else v) for v in sorted(values))


def _quantities(a: _Measures, b: _Measures) -> Comparison:
    left, right = dict(a), dict(b)
    shared = sorted(left.keys() & right.keys())
    if not shared:
        return _ONE_SIDED if left or right else _ABSENT
    for dimension in shared:
        if not _agree(left[dimension], right[dimension], _close):
            form = "{} " + dimension
            return Comparison("conflict", _join(left[dimension], form), _join(right[dimension], form))
    return _MATCH


KINDS: Final[dict[str, Kind]] = {
    "quantity": Kind(lambda facts: frozenset(facts.quantities.items()), _quantities),
    "pack": Kind(lambda facts: facts.packs, partial(_sets, same=_equal, form="{} pcs")),
    "size": Kind(lambda facts: facts.sizes, partial(_sets, same=_equal)),
    "colour": Kind(lambda facts: facts.colours, partial(_sets, same=same_colour)),
    "model": Kind(lambda facts: facts.models, partial(_sets, same=same_model)),
    "number": Kind(lambda facts: facts.numbers, partial(_sets, same=_equal)),
}
