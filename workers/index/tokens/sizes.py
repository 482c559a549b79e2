"""Sizes of clothes and shoes."""

import re
from typing import Final

from workers.index.tokens.reader import Reader

_LETTERS: Final = r"xxs|xs|s|m|l|xl|xxl|xxxl|xxxxl|[2-5]xl"
_NAMED = re.compile(
    r"\b(?:size|ukuran|uk|sz|eu|eur|talla|taille|größe)(?![a-z])[.:]?\s?"
    rf"((?:eu\s?)?\d{{2}}(?:[.,]5)?|{_LETTERS})(?![\w])"
)
_ALONE = re.compile(r"(?<![\w-])(xxs|xs|xl|xxl|xxxl|xxxxl|[2-5]xl)(?![\w-])")
_CAPITAL = re.compile(r"(?<![\w'&.-])([SML])(?![\w'&.-])")
_SPELLED: Final = {"xxl": "2xl", "xxxl": "3xl", "xxxxl": "4xl"}


def read_sizes(reader: Reader) -> set[str]:
    """Take the sizes, `xl` or `42`."""
    found = {match[1].replace("eu", "").strip().replace(",", ".") for match in reader.take(_NAMED)}
    found.update(match[1] for match in reader.take(_ALONE))
    # A single capital means a size only where capitals are not the seller's habit.
    if any(c.islower() for c in reader.original):
        for match in list(_CAPITAL.finditer(reader.original)):
            found.add(match[1].lower())
            reader.hide(match.start(), match.end())
    return {_SPELLED.get(size, size) for size in found}
