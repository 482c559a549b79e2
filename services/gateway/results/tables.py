"""Results as CSV that is safe to open in a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from services.gateway.results.pages import Kind

_COLUMNS: dict[Kind, tuple[str, ...]] = {
    "pairs": (
        "a", "b", "verdict", "probability", "image_sim", "text_sim", "fused_sim", "lexical_sim", "conflicts",
    ),
    "groups": ("group", "canonical", "size", "review", "review_reason", "listing", "probability"),
    "rejections": ("row", "listing_id", "code", "detail"),
}  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> object:
    """Return the value; text that a spreadsheet would run as a formula gets a leading apostrophe.

    Numbers stay numbers. Source: OWASP, CSV injection; leading space and later lines of a cell count too.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    if value.startswith(_FORMULA) or any(line.lstrip().startswith(_FORMULA) for line in value.splitlines()):
        return "'" + value
    return value


def _conflicts(pair: dict[str, Any]) -> str:
    return "; ".join(f"{c['kind']}: {c['a']} / {c['b']}" for c in pair.get("conflicts", ()))


def _rows(kind: Kind, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if kind == "groups":
        names = ("canonical", "size", "review", "review_reason")
        # Pages that were written before there were reasons have none.
        shared = {"group": item["id"], **{name: item.get(name) for name in names}}
        for member in item["members"]:
            yield shared | {"listing": member["id"], "probability": member["probability"]}
    elif kind == "pairs":
        yield item | {"conflicts": _conflicts(item)}
    else:
        yield item


def as_csv(kind: Kind, lines: list[bytes]) -> str:
    """Return a table with a header row; a group has one row per member."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    columns = _COLUMNS[kind]
    writer.writerow(columns)
    for line in lines:
        for row in _rows(kind, json.loads(line)):
            writer.writerow([safe_cell(row.get(name)) for name in columns])
    return out.getvalue()
