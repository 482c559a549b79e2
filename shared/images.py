"""How a listing refers to an image in the spool: a blob, or a part of one that holds many."""

from typing import Final, NamedTuple, Self

_SCHEME: Final = "spool:"


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
        if not reference.startswith(_SCHEME):
            return None
        key, _, part = reference.removeprefix(_SCHEME).partition("#")
        if not part:
            return cls(key)
        start, _, length = part.partition("+")
        return cls(key, int(start), int(length))

    def __str__(self) -> str:
        part = "" if self.length is None else f"#{self.start}+{self.length}"
        return f"{_SCHEME}{self.key}{part}"
