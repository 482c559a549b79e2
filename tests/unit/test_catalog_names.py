"""Names that become folders cannot lead out of theirs."""

import pytest
from pydantic import ValidationError

from shared.keys import KeyInvalid, make_key
from shared.messages import JobOptions

ODD = [
    "..",
    ".",
    "",
    "../up",
    "a/b",
    "a\\b",
    "/etc",
    "a\0b",
    "shop\n",
    "\nshop",
    "Ａ",
    "a" * 64,
    "-a",
    ".a",
    "C:",
]


@pytest.mark.parametrize("name", ODD)
def test_no_name_of_a_catalog_leads_elsewhere(name: str) -> None:
    with pytest.raises(ValidationError):
        JobOptions(catalog=name)
    with pytest.raises(KeyInvalid):
        make_key("somebody", "read", [name])


@pytest.mark.parametrize("name", ["shop", "a", "a..b", "0-1_2.3", "a" * 63])
def test_plain_names_are_taken(name: str) -> None:
    assert JobOptions(catalog=name).catalog == name
