"""How deeply JSON is nested, told before a parser that remembers the way to each level reads it."""

import re
from typing import Final

from services.gateway.problems import Problem

# What readers of NDJSON take at most, too.
MAX_DEPTH: Final = 200

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


class Depth:
    """Follows the brackets of a text that comes in blocks.

    ijson keeps the path of every level: 60 kB of brackets would take 800 MB.
    """

    def __init__(self) -> None:
        self._depth = 0
        # What the next block has to begin with to be read as the middle of a string.
        self._open = b""

    def add(self, block: bytes) -> None:
        """Read the next block.

        Raises:
            Problem: the text is nested deeper than `MAX_DEPTH` (`json_invalid`).
        """
        text, quote, unended = _STRING.sub(b"", self._open + block).partition(b'"')
        backslashes = len(unended) - len(unended.rstrip(b"\\"))
        self._open = quote + b"\\" * (backslashes % 2)
        for bracket in text.translate(None, _NO_BRACKETS):
            if bracket in b"[{":
                self._depth += 1
                if self._depth > MAX_DEPTH:
                    raise Problem(400, "json_invalid", f"the body is nested deeper than {MAX_DEPTH} levels")
            else:
                self._depth -= 1
