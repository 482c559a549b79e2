"""Compares what two listings say, kind by kind."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.messages import Conflict
from workers.index.tokens.colours import same_colour
from workers.index.tokens.facts import Facts
from workers.index.tokens.models import same_model

State = Literal["absent", "one_sided", "match", "conflict"]
KINDS: Final = ("quantity", "pack", "size", "colour", "model", "number")
# Ounces written as grams and the like are rounded.
_TOLERANCE: Final = 0.006


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one kind of token says about a pair; the texts name what contradicts."""

    state: State
    a: str = ""
    b: str = ""


_ABSENT = Comparison("absent")
_ONE_SIDED = Comparison("one_sided")
_MATCH = Comparison("match")


def compare(a: Facts, b: Facts) -> dict[str, Comparison]:
    """Return a comparison for each of KINDS; swapping a and b swaps nothing but the texts."""
    return {
        "quantity": _quantities(a, b),
        "pack": _sets(a.packs, b.packs, _equal, "{} pcs"),
        "size": _sets(a.sizes, b.sizes, _equal),
        "colour": _sets(a.colours, b.colours, same_colour),
        "model": _sets(a.models, b.models, same_model),
        "number": _sets(a.numbers, b.numbers, _equal),
    }


def conflicts_of(comparisons: dict[str, Comparison]) -> tuple[Conflict, ...]:
    """Return the contradictions. A quantity is told as a size, which is what people call it."""
    names = {"quantity": "size"}
    return tuple(
        Conflict(kind=names.get(kind, kind), a=found.a, b=found.b)
        for kind, found in comparisons.items()
        if found.state == "conflict"
    )


def _equal(a: object, b: object) -> bool:
    return a == b


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= _TOLERANCE * max(a, b)


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


def _quantities(a: Facts, b: Facts) -> Comparison:
    shared = sorted(set(a.quantities) & set(b.quantities))
    if not shared:
        return _ONE_SIDED if a.quantities or b.quantities else _ABSENT
    for dimension in shared:
        if not _agree(a.quantities[dimension], b.quantities[dimension], _close):
            form = "{} " + dimension
            return Comparison(
                "conflict", _join(a.quantities[dimension], form), _join(b.quantities[dimension], form)
            )
    return _MATCH
