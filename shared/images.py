"""How a listing refers to an image in the spool: a blob, or a part of one that holds many."""

import re
from typing import Final, NamedTuple, Self

# Nothing else of the disk that the spool may be on can be named.
_FORM: Final = re.compile(r"spool:(jobs/[\w-]+/images/[\w.-]+)(?:#(\d+)\+(\d+))?", re.ASCII)


class SpooledImage(NamedTuple):
    """The blob `key`, or the `length` bytes of it that begin at `start`.

    Written `spool:<key>` or `spool:<key>#<start>+<length>`.
    """

    key: str
    start: int = 0
    length: int | None = None

    @classmethod
    def parse(cls, reference: str) -> Self | None:
        """Return what a listing's image refers to; None where that is no image in the spool."""
        found = _FORM.fullmatch(reference)
        if found is None:
            return None
        key, start, length = found.groups()
        return cls(key) if length is None else cls(key, int(start), int(length))

    def __str__(self) -> str:
        part = "" if self.length is None else f"#{self.start}+{self.length}"
        return f"spool:{self.key}{part}"
