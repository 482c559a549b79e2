"""What the pipeline takes in and gives out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from shared.messages import Listing

# Called between steps; raises when the work should end early.
Proceed: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A listing and the number its vectors are filed by; `payload` holds image bytes already here."""

    row: int
    listing: Listing
    payload: bytes | None = None

    @property
    def has_image(self) -> bool:
        """Whether the listing names or brings an image."""
        return self.payload is not None or self.listing.image is not None


@dataclass(frozen=True, slots=True)
class Found:
    """One modality's result: float16 vectors by row, and (code, detail) of the rows that were refused."""

    vectors: dict[int, bytes]
    refused: dict[int, tuple[str, str]]
