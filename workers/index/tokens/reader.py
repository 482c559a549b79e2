"""Text that is read kind by kind: what one reader took is hidden from the next."""

import re
from collections.abc import Iterator


class Reader:
    """The part of a title that was not understood yet, in lower case.

    A number means one thing only: `12` in `isi 12 pcs` is a pack and must not count as a bare number again.
    """

    def __init__(self, title: str) -> None:
        self.text = title.lower()
        self.original = title

    def take(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield each match of the pattern and hide it."""
        matches = list(pattern.finditer(self.text))
        for match in matches:
            self.hide(match.start(), match.end())
        return iter(matches)

    def hide(self, start: int, end: int) -> None:
        """Hide a part; the bar keeps what stood on its two sides apart."""
        self.text = self.text[:start] + "|" * (end - start) + self.text[end:]
        self.original = self.original[:start] + "|" * (end - start) + self.original[end:]
