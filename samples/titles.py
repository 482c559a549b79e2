"""Writes a listing's title the way one of many sellers would."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from samples.products import AXES, Product
from samples.tokens import written_forms
from samples.words import EMOJI, JUNK, PROMO, TAILS


@dataclass(frozen=True, slots=True)
class Title:
    """A title with the axes whose values it states."""

    text: str
    language: str
    axes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The pieces of a title before they are put in order; empty ones are left out."""

    brand: str
    name: str
    noun: str
    flavour: str
    feature: str
    tokens: str


_ORDERS: tuple[Callable[[_Parts], tuple[str, ...]], ...] = (
    lambda p: (p.brand, p.name, p.flavour, p.noun, p.tokens, p.feature),
    lambda p: (p.brand, p.name, p.noun, p.flavour, p.feature, p.tokens),
    lambda p: (p.noun, p.brand, p.name, p.flavour, p.tokens, p.feature),
    lambda p: (p.noun, p.flavour, p.brand, p.name, p.feature, p.tokens),
    lambda p: (p.brand, p.noun, p.name, p.flavour, f"({p.tokens})" if p.tokens else ""),
    lambda p: (p.brand, p.name, "-", p.noun, p.flavour, p.feature, "|" if p.tokens else "", p.tokens),
    lambda p: (p.name, p.noun, p.flavour, "by", p.brand, p.tokens),
    lambda p: (p.tokens, p.brand, p.name, p.noun, p.flavour),
)


def write(product: Product, language: str, rng: random.Random, *, needed: tuple[str, ...] = AXES) -> Title:
    """Return a title in `language`; axes in `needed` are always stated, the others mostly.

    With generators in the same state, two products of a family get titles that differ by their token alone.
    """
    axes = tuple(axis for axis in AXES if axis in product.tokens and (axis in needed or rng.random() < 0.75))
    tokens = [_spell(axis, product.tokens[axis], language, rng.random()) for axis in axes]
    if product.line.kind.model == "device" and "model" in axes:
        tokens[axes.index("model")] = ("for ", "untuk ")[language == "id"] + tokens[axes.index("model")]
    rng.shuffle(tokens)
    spoken = int(language == "id")
    kind, line = product.line.kind, product.line
    parts = _Parts(
        brand=_typo(line.brand, rng, 0.02),
        name=_typo(line.name, rng, 0.04),
        noun=_typo(kind.nouns[_common(rng, len(kind.nouns))][spoken], rng, 0.05),
        flavour=line.flavour[spoken] if rng.random() < 0.9 else "",
        feature=rng.choice(line.features)[spoken] if rng.random() < 0.55 else "",
        tokens=" ".join(tokens),
    )
    words = [part for part in rng.choice(_ORDERS)(parts) if part]
    if rng.random() < 0.2:
        words += rng.sample(TAILS[language], rng.randint(1, 3))
    if rng.random() < 0.1:
        # Keyword stuffing names the thing again, often in the other language.
        words += [rng.choice(kind.nouns)[1 - spoken], rng.choice(kind.nouns)[spoken]]
    return Title(_decorate(_case(" ".join(words), rng), language, rng), language, axes)


def _spell(axis: str, value: str, language: str, drawn: float) -> str:
    """Pick a spelling by a number in [0, 1), so that values with fewer spellings draw no fewer numbers."""
    forms = written_forms(axis, value, language)
    return forms[int(drawn * len(forms))]


def _common(rng: random.Random, count: int) -> int:
    """Return an index that is mostly 0: most sellers use the most usual noun."""
    return 0 if rng.random() < 0.6 else rng.randrange(count)


def _typo(word: str, rng: random.Random, chance: float) -> str:
    """Swap or drop one inner letter, rarely; short words stay, so that no word turns into another."""
    if len(word) < 6 or rng.random() >= chance:
        return word
    at = rng.randrange(2, len(word) - 2)
    if not word[at - 1 : at + 2].isalpha():
        return word
    if rng.random() < 0.5:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :]


def _case(text: str, rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < 0.14:
        return text.upper()
    if drawn < 0.24:
        return text.lower()
    if drawn < 0.6:
        # Only first letters change: capitalising "400ml" or "AX-1008" whole would spoil the tokens.
        return " ".join(word[:1].upper() + word[1:] if word[:1].isalpha() else word for word in text.split())
    return text


def _decorate(text: str, language: str, rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < 0.10:
        return f"[{rng.choice(PROMO[language])}] {text}"
    if drawn < 0.16:
        mark = rng.choice(EMOJI)
        return (
            f"{mark} {text} {mark}"
            if rng.random() < 0.4
            else f"{mark}{rng.choice(PROMO[language])}{mark} {text}"
        )
    if drawn < 0.19:
        junk = rng.choice(JUNK)
        return f"{junk} {text}" if rng.random() < 0.5 else f"{text} {junk}{junk}"
    if drawn < 0.23:
        return f"{text}!!" if rng.random() < 0.5 else f"{text} * {rng.choice(PROMO[language])} *"
    if drawn < 0.26:
        return text.replace(" ", "  ", 1) + " "
    return text
