"""From the rows of a table to a labelled catalog: what cannot be used is left out, and counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from shared.messages import AttributeValue, Listing
from workers.trainer.datasets.errors import DatasetError
from workers.trainer.datasets.labelled import LabelledCatalog

_MOST_ID, _MOST_TITLE = 200, 2000


@dataclass(frozen=True, slots=True)
class Draft:
    """One row as it was read; `image` and `group` are empty where the row has none."""

    id: str
    title: str
    image: str
    group: str
    attributes: dict[str, AttributeValue] = field(default_factory=dict)


def make_catalog(name: str, root: Path | None, drafts: Iterable[Draft]) -> LabelledCatalog:
    """Return the catalog of the usable rows; an id that comes twice counts where it stands first.

    Raises:
        DatasetError: no row is usable, or no two belong together.
    """
    listings: dict[str, Listing] = {}
    groups: dict[str, str] = {}
    dropped: Counter[str] = Counter()
    for draft in drafts:
        reason = "id given twice" if draft.id in listings else _unusable(draft, root)
        if reason:
            dropped[reason] += 1
            continue
        listings[draft.id] = Listing(
            id=draft.id, title=draft.title, image=draft.image or None, attributes=draft.attributes
        )
        groups[draft.id] = draft.group
    if not listings:
        reasons = ", ".join(f"{count} rows: {reason}" for reason, count in dropped.items())
        raise DatasetError(f"{name} holds no usable listing ({reasons or 'the table is empty'})")
    if len(set(groups.values())) == len(groups):
        raise DatasetError(f"{name} has no two listings of one group: there is nothing to learn from")
    return LabelledCatalog(name, tuple(listings.values()), root, groups, dict(dropped))


def _unusable(draft: Draft, root: Path | None) -> str:
    """Say why a row cannot be used; empty if it can."""
    if not draft.id or len(draft.id) > _MOST_ID:
        return "no id, or one of more than 200 characters"
    if not draft.group:
        return "no group label"
    if len(draft.title) > _MOST_TITLE:
        return "title of more than 2000 characters"
    if draft.image and root is not None:
        file = (root / draft.image).resolve()
        if not file.is_relative_to(root.resolve()):
            return "image outside the folder"
        if not file.is_file():
            return "image file missing"
    if not (draft.image or draft.title.strip()):
        return "neither image nor title"
    return ""
