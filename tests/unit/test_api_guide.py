"""The API guide explains every feature of the evidence, and none that there is not."""

import re
from pathlib import Path

from workers.index.arrays import CHANNELS
from workers.index.features import names_of
from workers.index.tokens.conflicts import KINDS

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"


def test_every_feature_is_explained() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", GUIDE.read_text("utf-8").partition("`evidence` says")[2], re.M)
    table = rows[: next(i for i, row in enumerate(rows) if "row_invalid" in row)]
    told = {name for row in table for name in re.findall(r"`([^`]+)`", row)}
    for mark, values in (("<kind>", KINDS), ("<channel>", CHANNELS)):
        told |= {name.replace(mark, value) for name in told if mark in name for value in values}
    assert {name for name in told if "<" not in name} == set(names_of("image_text", "within"))
