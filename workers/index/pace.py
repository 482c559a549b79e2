"""How much is done before others get their turn."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_WANTED_S: Final = 0.1
"""Nobody waits longer for this than a person notices."""
_LEAST: Final = 64
_MOST: Final = 4096


class Pace:
    """How many are handled in about a tenth of a second: as many as possible are cheapest."""

    def __init__(self) -> None:
        self.size = 2 * _LEAST

    @contextmanager
    def timed(self, handled: int) -> Iterator[None]:
        """Handle so many in the block, `size` at most; the next ones are more or fewer."""
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        # What few of them take says little of many.
        if 2 * handled >= self.size:
            wanted = handled * _WANTED_S / max(seconds, 1e-3)
            # In steps, so that one that was slow by chance changes little.
            self.size = int(min(max(wanted, self.size / 2, _LEAST), self.size * 2, _MOST))
