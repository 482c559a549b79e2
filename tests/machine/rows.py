"""Rows of uploads, and what has to become of each."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from tests.encoder_pictures import encoded, scene

TITLES = (
    "Red mug 350 ml", "red mug, 350ml", "Mug red 0.35 l", "Blue mug 350 ml", "Desk lamp black",
    "black desk lamp", "USB cable 2 m", "🔥",
)  # fmt: skip
# Nothing can be read of it, so that with no picture there is nothing to compare.
UNREADABLE = TITLES.index("🔥")
DEADLY = encoded(scene(12, 8, seed=66))
_PICTURES = {
    "": None, "a": encoded(scene(12, 8, seed=1)), "b": encoded(scene(12, 8, seed=2)),
    "broken": b"no picture", "deadly": DEADLY,
}  # fmt: skip
PICTURES = tuple(_PICTURES)
# Few, so that uploads meet.
IDS = tuple("uvwx")


@dataclass(frozen=True)
class Offered:
    """A row as a client sends it; without an id it is a bad one."""

    id: str
    title: int
    picture: str = ""
    edition: int = 0

    @property
    def line(self) -> bytes:
        fields: dict[str, Any] = {"title": TITLES[self.title], "edition": self.edition}
        if self.id:
            fields["id"] = self.id
        if data := _PICTURES[self.picture]:
            fields["image"] = "data:image/png;base64," + base64.b64encode(data).decode()
        return json.dumps(fields).encode() + b"\n"

    @property
    def content(self) -> tuple[str, bool, object]:
        """What a catalog shows of it: title, whether there is a picture, edition."""
        return TITLES[self.title], self.picture != "", self.edition

    @property
    def can_be_encoded(self) -> bool:
        return self.picture not in ("broken", "deadly") and (self.picture != "" or self.title != UNREADABLE)


def places(rows: tuple[Offered, ...]) -> tuple[dict[int, Offered], set[int]]:
    """Return the rows that have to be taken, by their place from 1, and the places of those refused."""
    seen: set[str] = set()
    taken: dict[int, Offered] = {}
    for place, row in enumerate(rows, 1):
        if row.id and row.id not in seen and row.can_be_encoded:
            taken[place] = row
        seen.add(row.id)
    return taken, set(range(1, len(rows) + 1)) - set(taken)
