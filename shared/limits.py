"""How many candidates each channel gives a listing."""

from dataclasses import dataclass
from typing import Literal

Channel = Literal["image", "text", "lexical"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The most candidates per channel, but for ties; a channel with 0 is no source of candidates."""

    image: int
    text: int
    lexical: int

    @classmethod
    def all(cls, k: int) -> "Limits":
        """Return the same limit for every channel."""
        return cls(k, k, k)

    def of(self, channel: Channel) -> int:
        """Return the channel's limit."""
        return {"image": self.image, "text": self.text, "lexical": self.lexical}[channel]
