"""The worst mistakes: what was called a duplicate most surely and is none, and the other way round."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import JsonValue

from workers.encoder.decoder import PillowDecoder
from workers.encoder.refusal import ImageRefused
from workers.trainer.report.findings import Findings, Flags, JudgedPairs

SHOWN: Final = 12
_MOST_OF_ONE: Final = 2
_THUMBNAIL: Final = 320
_MOST_PIXELS: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """A listing as shown; `photo` is seen from the page, empty where there is none."""

    id: str
    title: str
    group: str
    photo: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """A pair that was judged wrongly."""

    a: Side
    b: Side
    chance: float
    similarities: dict[str, float]

    def to_json(self) -> JsonValue:
        """Return it for the report's JSON."""
        return {
            "a": self.a.id,
            "b": self.b.id,
            "probability": self.chance,
            "similarities": dict(self.similarities),
        }


def worst(judged: JudgedPairs, *, called: bool, shown: int = SHOWN) -> list[int]:
    """Return the places of the worst mistakes: of pairs called a duplicate, or of pairs not called one.

    The same listing is shown twice at most: one odd photo would fill the page.
    """
    wrong: Flags = (judged.called != judged.duplicate) & (judged.called == called)
    places = np.flatnonzero(wrong)
    order = np.argsort(judged.chances[places] * (-1 if called else 1), kind="stable")
    seen: dict[str, int] = {}
    chosen: list[int] = []
    for place in places[order].tolist():
        pair = judged.ids[place]
        if len(chosen) == shown:
            break
        if all(seen.get(listing, 0) < _MOST_OF_ONE for listing in pair):
            chosen.append(place)
            seen |= {listing: seen.get(listing, 0) + 1 for listing in pair}
    return chosen


def show(findings: Findings, places: list[int], folder: Path) -> list[Mistake]:
    """Return the mistakes at these places of the judged pairs; thumbnails are written under the folder."""
    judged = findings.judged
    return [
        Mistake(
            a=_side(findings, judged.ids[place][0], folder),
            b=_side(findings, judged.ids[place][1], folder),
            chance=round(float(judged.chances[place]), 4),
            similarities={
                name: round(float(values[place]), 3)
                for name, values in judged.similarities.items()
                if not np.isnan(values[place])
            },
        )
        for place in places
    ]


def _side(findings: Findings, listing: str, folder: Path) -> Side:
    view = findings.view(listing)
    photo = _thumbnail(view.photo, listing, folder) if view.photo else ""
    return Side(listing, view.title, view.group, photo)


def _thumbnail(photo: Path, listing: str, folder: Path) -> str:
    """Write a thumbnail, named by the id's hash, as an id may hold anything; empty if it cannot be read."""
    name = f"photos/{hashlib.sha256(listing.encode()).hexdigest()[:16]}.jpg"
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        small = PillowDecoder(_MOST_PIXELS).decode(photo.read_bytes())
    except (OSError, ImageRefused):
        return ""
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    small.save(target, "JPEG", quality=82)
    return name
