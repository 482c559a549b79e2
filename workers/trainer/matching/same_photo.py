"""Variants that show one photo: are they told apart, and is what differs named rightly?"""

from collections.abc import Iterable, Mapping

from shared.messages import Pair
from workers.trainer.matching.sample_catalog import SampleCatalog

_UNITS = {"l": ("ml", 1000.0), "kg": ("g", 1000.0)}


def same_photo_figures(sample: SampleCatalog, pairs: Iterable[Pair]) -> dict[str, float]:
    """Return shares over all same-photo pairs; one that retrieval did not find is neither.

    A variant counts if, for each axis on which the two titles state different values, a conflict of this kind
    names both.
    """
    found = {(pair.a, pair.b): pair for pair in pairs}
    held = [found[ids] for ids in sample.same_photo if ids in found]
    duplicates = sum(pair.verdict == "duplicate" for pair in held)
    variants = [pair for pair in held if pair.verdict == "variant"]
    named = sum(named_rightly(pair, sample.stated[pair.a], sample.stated[pair.b]) for pair in variants)
    count = max(len(sample.same_photo), 1)
    return {
        "same_photo_pairs": float(len(sample.same_photo)),
        "same_photo_called_duplicate": round(duplicates / count, 4),
        "same_photo_called_variant": round(named / count, 4),
    }


def named_rightly(pair: Pair, stated_a: Mapping[str, str], stated_b: Mapping[str, str]) -> bool:
    """Say whether the conflicts name every canonical value that both titles state and that differs."""
    differing = [axis for axis in stated_a if axis in stated_b and stated_a[axis] != stated_b[axis]]
    return bool(differing) and all(
        any(
            conflict.kind == axis
            and _names(conflict.a, stated_a[axis])
            and _names(conflict.b, stated_b[axis])
            for conflict in pair.conflicts
        )
        for axis in differing
    )


def _names(text: str, canonical: str) -> bool:
    """Say whether a conflict's text is the canonical value, or its last words: "k58" is "Kuma K58"."""
    words = canonical.split()
    meant = {_folded(" ".join(words[start:])) for start in range(len(words))}
    return any(_folded(part.removesuffix(" pcs")) in meant for part in text.split(", "))


def _folded(text: str) -> str:
    """Return letters and digits in lower case, litres and kilograms as millilitres and grams."""
    number, _, unit = text.lower().partition(" ")
    if unit in _UNITS and number.replace(".", "", 1).isdigit():
        small, factor = _UNITS[unit]
        text = f"{float(number) * factor:g} {small}"
    return "".join(sign for sign in text.lower() if sign.isalnum() or sign == ".")
