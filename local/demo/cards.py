"""What the contact sheet shows of a group: its listings, and apart from them their variants."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from client import Group, GroupMember, Pair
from shared.titles import normalise_title


@dataclass(frozen=True, slots=True)
class Tile:
    """One listing: id, title, its photo and probability if it has them, and a note under it."""

    id: str
    title: str
    photo: Path | None
    probability: float | None
    note: str = ""
    wrong: bool = False

    @property
    def caption(self) -> str:
        """The id, and the probability where there is one."""
        return self.id if self.probability is None else f"{self.id} · {self.probability:.0%}"


@dataclass(frozen=True, slots=True)
class Card:
    """One group, its canonical listing first, and the variants that were kept out of it.

    A listing without duplicates that has variants is shown as a group of one, with an empty id.
    """

    id: str
    members: tuple[Tile, ...]
    variants: tuple[Tile, ...]

    @property
    def heading(self) -> str:
        """What the members are."""
        return f"{len(self.members)} listings, one product" if len(self.members) > 1 else "One listing"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The listings of a sample catalog: title and photo by id, and the true product of each."""

    titles: Mapping[str, str]
    photos: Mapping[str, Path]
    products: Mapping[str, str]

    @classmethod
    def read(cls, directory: Path) -> "Shelf":
        """Read a folder that `samples.write_catalog` wrote."""
        lines = (directory / "listings.ndjson").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        truth = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
        return cls(
            titles={row["id"]: normalise_title(row["title"]) for row in rows},
            photos={row["id"]: directory / row["image"] for row in rows if row["image"]},
            products={listing: known["product"] for listing, known in truth["listings"].items()},
        )

    def tile(
        self, listing: str, probability: float | None, *, product: str | None = None, note: str = ""
    ) -> Tile:
        """Return a listing as it is shown; it is `wrong` when it truly is another product than `product`."""
        wrong = product is not None and self.products.get(listing) != product
        photo = self.photos.get(listing)
        return Tile(listing, self.titles.get(listing, ""), photo, probability, note, wrong)


def make_cards(shelf: Shelf, groups: Sequence[Group], pairs: Iterable[Pair]) -> list[Card]:
    """Return a card for each group, in their order, then those of single listings that have variants."""
    variants: dict[str, list[tuple[str, Pair]]] = {}
    for pair in pairs:
        if pair.verdict == "variant":
            variants.setdefault(pair.a, []).append((pair.b, pair))
            variants.setdefault(pair.b, []).append((pair.a, pair))
    cards = [_card(shelf, group, variants) for group in groups]
    shown = {tile.id for card in cards for tile in card.members + card.variants}
    for listing in sorted(variants, key=lambda one: (-len(variants[one]), one)):
        if listing not in shown:
            alone = Group("", listing, 1, (GroupMember(listing, 1.0),))
            cards.append(_card(shelf, alone, variants))
            shown |= {tile.id for tile in cards[-1].members + cards[-1].variants}
    return cards


def selection(cards: Sequence[Card], most: int) -> list[Card]:
    """Return up to `most` cards of every kind: groups with variants, groups of all sizes, single listings."""
    with_variants = [card for card in cards if card.id and card.variants]
    without = [card for card in cards if card.id and not card.variants]
    singles = [card for card in cards if not card.id][: most // 3]
    chosen = with_variants[: most // 3]
    room = most - len(chosen) - len(singles)
    step = max(1, len(without) // max(1, room))
    return chosen + without[::step][:room] + singles


def _card(shelf: Shelf, group: Group, variants: Mapping[str, list[tuple[str, Pair]]]) -> Card:
    product = shelf.products.get(group.canonical)
    members = sorted(group.members, key=lambda m: (m.id != group.canonical, -m.probability, m.id))
    inside = {member.id for member in members}
    apart: dict[str, Tile] = {}
    for member in members:
        for other, pair in variants.get(member.id, ()):
            if other not in inside and other not in apart:
                apart[other] = shelf.tile(other, pair.probability, note=_difference(pair, other))
    return Card(
        id=group.id,
        members=tuple(
            shelf.tile(m.id, m.probability if group.id else None, product=product) for m in members
        ),
        variants=tuple(apart.values()),
    )


def _difference(pair: Pair, shown: str) -> str:
    said = [(c.b, c.a) if shown == pair.b else (c.a, c.b) for c in pair.conflicts]
    return ", ".join(f"{theirs or '–'} instead of {ours or '–'}" for theirs, ours in said)
