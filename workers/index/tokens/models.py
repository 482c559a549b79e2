"""Model codes and the numbers that nothing else explains."""

import re
from typing import Final

from workers.index.tokens.quantities import parse_number
from workers.index.tokens.reader import Reader

# A phone's name, not a pack of twelve: "for Kuma X12".
_FITS = re.compile(r"\b(?:for|untuk|buat)\s+[a-z]+\s+(x\s?\d{1,3})(?!\w)")
_CODE = re.compile(r"(?<![\w])(?=[a-z0-9-]*\d)(?=[a-z0-9-]*[a-z])([a-z0-9]+(?:-[a-z0-9]+)*)(?![\w])")
_SPACED = re.compile(r"(?<![\w])([a-z]{1,3})\s(\d{3,5})(?![\w.,%])")
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:-\d+)+(?![\w%])|(?<![\w.,])\d+(?:[.,]\d+)*(?![\w%])")
_COMMON: Final = frozenset(
    re.split(
        r"\s+",
        "a an and are at bag box buy by cod dan di eu fit for from hp id in isi kit ke la lot max min mix my "
        "new no of off on one ori pad pak per pro rp set tas tee the to top tv uk up us use via vol we yg",
    )
)
_PREFIX: Final = 4
# From here on floats do not tell whole numbers apart.
_INEXACT: Final = 2**53


def read_fitting_models(reader: Reader) -> set[str]:
    """Take models named as what a product fits; before packs are read."""
    return {match[1].replace(" ", "") for match in reader.take(_FITS)}


def read_models(reader: Reader) -> set[str]:
    """Take the codes that mix letters and digits, without hyphens: AX-1008 = AX1008 = AX 1008."""
    found = {match[1].replace("-", "") for match in reader.take(_CODE)}
    for match in list(_SPACED.finditer(reader.text)):
        if match[1] not in _COMMON:
            found.add(match[1] + match[2])
            reader.hide(match.start(), match.end())
    return found


def read_numbers(reader: Reader) -> set[str]:
    """Take the numbers that are left, as short as they can be written: 4.0 = 4, 910-000298 = 910000298."""
    return {_shortest(match[0].replace("-", "")) for match in reader.take(_NUMBER)}


def _shortest(digits: str) -> str:
    number = parse_number(digits)
    if number >= _INEXACT:
        return digits.lstrip("0")
    return str(int(number)) if number == int(number) else str(number)


def same_model(a: str, b: str) -> bool:
    """Say whether two codes may mean one model: equal, or one goes on where the other ends.

    A number that goes on is another number: AX-100 is not AX-1008.
    """
    short, long = sorted((a, b), key=len)
    if long == short or len(short) < _PREFIX or not long.startswith(short):
        return long == short
    return not (short[-1].isdigit() and long[len(short)].isdigit())
