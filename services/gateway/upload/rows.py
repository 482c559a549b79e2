"""From the fields of a row to a listing."""

import math
from dataclasses import dataclass

from services.gateway.upload.images import ImageReferences
from services.gateway.upload.refusal import RowRefused
from shared.messages import Listing

MAX_ID_CHARACTERS = 200
MAX_TITLE_CHARACTERS = 2000
MAX_ATTRIBUTES = 256
# Of all attributes of a listing together, with their names.
MAX_ATTRIBUTE_CHARACTERS = 100_000
_INT64 = 2**63
_SCALARS = (str, int, float)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the fields are called in this upload; `image_url` stands in for `image` unless it is renamed."""

    id: str = "id"
    title: str = "title"
    image: str = "image"


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowRefused("row_invalid", f"field {name!r} must be text, not {type(value).__name__}")
    return str(value)


def _attribute(name: str, value: object) -> str | int | float | bool:
    """Return a value that every process can store."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RowRefused("row_invalid", f"attribute {name[:100]!r} is not a finite number")
        return value
    raise RowRefused("row_invalid", f"attribute {name[:100]!r} must be text, a number or true/false")


def _attributes(fields: dict[str, object], given: dict[str, object]) -> dict[str, str | int | float | bool]:
    """Return what the fields and the object `attributes` of a row say.

    Raises:
        RowRefused: a value does not fit, or they are too many or too long.
    """
    wanted: dict[str, object] = {k: v for k, v in fields.items() if isinstance(v, _SCALARS)}
    wanted |= {k: v for k, v in given.items() if v is not None}
    if len(wanted) > MAX_ATTRIBUTES:
        raise RowRefused(
            "attributes_too_many", f"the listing has {len(wanted)} attributes; {MAX_ATTRIBUTES} are taken"
        )
    found: dict[str, str | int | float | bool] = {}
    characters = 0
    for name, value in wanted.items():
        found[name] = taken = _attribute(name, value)
        characters += len(name) + len(taken if isinstance(taken, str) else str(taken))
    if characters > MAX_ATTRIBUTE_CHARACTERS:
        raise RowRefused(
            "attributes_too_long", f"the attributes are over {MAX_ATTRIBUTE_CHARACTERS} characters together"
        )
    return found


class RowReader:
    """Reads listings out of rows of any format."""

    def __init__(self, columns: Columns, images: ImageReferences) -> None:
        self._columns = columns
        self._images = images

    def listing_id(self, raw: dict[str, object]) -> str:
        """Return the row's id.

        Raises:
            RowRefused: there is none, or it is too long.
        """
        listing_id = _text(self._columns.id, raw.get(self._columns.id))
        if not listing_id:
            raise RowRefused("listing_id_missing", f"the row has no {self._columns.id!r}")
        if len(listing_id) > MAX_ID_CHARACTERS:
            raise RowRefused(
                "row_invalid",
                f"the id is over {MAX_ID_CHARACTERS} characters",
                listing_id[:MAX_ID_CHARACTERS],
            )
        return listing_id

    def listing(self, listing_id: str, raw: dict[str, object]) -> Listing:
        """Return the listing that the row's fields describe; `raw` is used up.

        Fields with a value of their own become attributes; lists and objects are left out.

        Raises:
            RowRefused: a field does not fit, or there is neither a title nor an image.
        """
        columns = self._columns
        raw.pop(columns.id)
        title = _text(columns.title, raw.pop(columns.title, None))
        if len(title) > MAX_TITLE_CHARACTERS:
            raise RowRefused("title_too_long", f"the title is over {MAX_TITLE_CHARACTERS} characters")
        image = raw.pop(columns.image, None)
        if image is None and columns.image == "image":
            image = raw.pop("image_url", None)
        reference = _text(columns.image, image)
        if not title and not reference:
            raise RowRefused("listing_empty", "the listing has neither a title nor an image")
        given = raw.pop("attributes", None)
        if given is not None and not isinstance(given, dict):
            raise RowRefused("row_invalid", "field 'attributes' must be an object")
        return Listing(
            id=listing_id,
            title=title,
            image=self._images.resolve(reference) if reference else None,
            attributes=_attributes(raw, given or {}),
        )
