"""What is submitted: listings with known twins, known faults and known updates, from a seed alone."""

import base64
import random
from dataclasses import dataclass
from functools import cache
from typing import Final

from samples.words import BRAND_ENDS, BRAND_STARTS, COLOURS, NAME_FIRST, NAME_SECOND
from tests.support import Json, jpeg

_SIZES: Final = (50, 80, 120, 160, 220, 300, 500)
MEAN_SIZE: Final = sum(_SIZES) / len(_SIZES)
# Shares of a submission's rows; the rest are new listings that nothing is wrong with.
_UPDATED, _TWINS, _BAD_IMAGES, _BAD_ROWS, DEADLY_SHARE = 0.08, 0.05, 0.01, 0.005, 0.002
# Most listings have a title only: decoding pictures is not what a soak is about.
_PICTURED: Final = 0.2
_PICTURES: Final = 400


def carried(data: bytes) -> str:
    """Return an image as an address that holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


# No other listing shows one of these; they kill whoever decodes them where that is armed.
DEADLY: Final = tuple(jpeg(9_000_000 + number) for number in range(5))
_BAD: Final[tuple[tuple[Json, str], ...]] = (
    ({"image": carried(jpeg(1)[:300])}, "image_truncated"),
    ({"image": carried(b"hello")}, "image_broken"),
    ({"image": carried(b"II*\0" + bytes(60))}, "image_format"),
)
_REFUSED: Final[tuple[tuple[Json, str], ...]] = (
    ({"title": "", "image": None}, "listing_empty"),
    ({"image": "http://10.0.0.7/a.jpg"}, "image_address_refused"),
)


@cache
def _picture(number: int) -> str:
    return carried(jpeg(number))


@dataclass(frozen=True)
class Submission:
    """Rows in the order in which they are sent, and what has to come of them.

    `listings` are the ids that must be taken, `rejections` the codes of those that must not be, `twins` pairs
    of ids, in order, that must be found to be duplicates.
    """

    rows: list[Json]
    listings: frozenset[str]
    rejections: dict[str, str]
    twins: frozenset[tuple[str, str]]


class Shelf:
    """The submissions to one catalog, the same for the same seed; `held` is what it then holds, by id."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._names = 0
        self.held: dict[str, Json] = {}

    def next(self, *, deadly: bool = False) -> Submission:
        """Return the next submission, on request with listings that kill their encoder."""
        dice = self._random
        size = dice.choice(_SIZES)
        before = sorted(self.held)
        updated = [self._again(name) for name in dice.sample(before, min(int(size * _UPDATED), len(before)))]
        fresh = [self._listing() for _ in range(size - len(updated) - int(size * _TWINS))]
        # What a twin of a listing that changes in the same submission is would depend on the order of chunks.
        changed = {row["id"] for row in updated}
        models = [self.held[name] for name in before if name not in changed] + fresh
        twins = [
            (model["id"], model | {"id": self._name()})
            for model in dice.choices(models, k=int(size * _TWINS))
        ]
        kinds = [(_BAD, _BAD_IMAGES), (_REFUSED, _BAD_ROWS)]
        if deadly:
            kinds.append(
                (tuple(({"image": carried(data)}, "encoder_crashed") for data in DEADLY), DEADLY_SHARE)
            )
        rejected = [
            (self._listing() | change, code)
            for faults, share in kinds
            for change, code in dice.choices(faults, k=int(size * share + dice.random()))
        ]
        taken = [*updated, *fresh, *(row for _, row in twins)]
        self.held |= {row["id"]: row for row in taken}
        rows = [*taken, *(row for row, _ in rejected)]
        dice.shuffle(rows)
        return Submission(
            rows,
            frozenset(row["id"] for row in taken),
            {row["id"]: code for row, code in rejected},
            frozenset((min(model, row["id"]), max(model, row["id"])) for model, row in twins),
        )

    def _name(self) -> str:
        self._names += 1
        return f"{self._names:06d}"

    def _listing(self) -> Json:
        """Return a new listing; no two have the same title, as a model number tells them apart."""
        dice, name = self._random, self._name()
        sector = dice.choice(sorted(NAME_FIRST))
        words = (
            dice.choice(BRAND_STARTS) + dice.choice(BRAND_ENDS),
            dice.choice(NAME_FIRST[sector].split()),
            dice.choice(NAME_SECOND[sector].split()),
            dice.choice(sorted(COLOURS)),
            f"{dice.choice('ABCDEFGHKLM')}{dice.choice('NPRSTVX')}-{name}",
        )
        image = _picture(dice.randrange(_PICTURES)) if dice.random() < _PICTURED else None
        return {"id": name, "title": " ".join(words), "image": image, "price": dice.randint(10, 900)}

    def _again(self, name: str) -> Json:
        """Return a listing that is there once more: as it is, or under another title."""
        if self._random.random() < 0.5:
            return self.held[name]
        return self._listing() | {"id": name}
