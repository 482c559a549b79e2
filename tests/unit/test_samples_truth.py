"""The truth is decidable from what a listing shows: titles are read back here by rules of their own."""

import re
from collections import Counter, defaultdict
from itertools import combinations

import pytest

from samples.photos import render
from samples.plan import Plan, plan
from samples.words import COLOURS

_LISTINGS, _SEED = 2500, 5
_UNITS = {
    "ml": ("ml", 1.0), "l": ("ml", 1000.0), "liter": ("ml", 1000.0), "litre": ("ml", 1000.0),
    "g": ("g", 1.0), "gr": ("g", 1.0), "gram": ("g", 1.0), "kg": ("g", 1000.0),
    "mah": ("mah", 1.0), "capsules": ("caps", 1.0), "caps": ("caps", 1.0), "kapsul": ("caps", 1.0),
}  # fmt: skip
_SIZE = re.compile(
    rf"(?<![\w.,])(\d+(?:[.,]\d+)?) ?({'|'.join(sorted(_UNITS, key=len, reverse=True))})(?!\w)"
)
_WORN = re.compile(r"(?<!\w)(?:size|ukuran|eu) (\d\d|s|m|l|xl|xxl)(?!\w)")
_PACK = re.compile(
    r"(?<![\w.,])(?:(?:pack of|set of|isi) (\d+)|(\d+) ?pcs|(\d+)-pack|(\d+) buah|(?<!\\)x(\d+))(?!\w)"
)
_MODEL = re.compile(r"(?<!\w)([a-z]{2})[- ]?(\d{3,4})(?!\w)")
_DEVICE = re.compile(r"(?<!\w)(zenta a|orvio s|kuma k|pexa note |lyra m)(\d+)(?!\w)")

_COLOUR_NAMES = {name: key for key, colour in COLOURS.items() for name in colour.english + colour.indonesian}
# The longest first: "merah muda" is pink, though "merah" is red.
_COLOUR = re.compile(rf"(?<!\w)({'|'.join(sorted(_COLOUR_NAMES, key=len, reverse=True))})(?!\w)")


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return list(plan(_LISTINGS, _SEED))


def _read(entry: Plan) -> dict[str, set[str]]:
    """Return every value of every axis that the title can be read to state."""
    text = " ".join(re.sub(r"\\x[0-9a-f]{2}", " ", entry.title.lower()).split())
    sizes = set()
    for number, unit in _SIZE.findall(text):
        base, factor = _UNITS[unit]
        sizes.add(f"{float(number.replace(',', '.')) * factor:g} {base}")
    read = {
        "size": sizes | set(_WORN.findall(text)),
        "pack": {next(filter(None, found)) for found in _PACK.findall(text)},
        "model": {"".join(found) for found in _DEVICE.findall(text)},
    }
    if entry.product.line.kind.model == "code":
        read["model"] = {"".join(found) for found in _MODEL.findall(text)}
    if entry.product.line.kind.colours:
        read["colour"] = {_COLOUR_NAMES[name] for name in _COLOUR.findall(text)}
    return {axis: values for axis, values in read.items() if values}


def _by(plans: list[Plan], key: str) -> dict[str, list[Plan]]:
    found = defaultdict(list)
    for entry in plans:
        name = {"product": entry.product.id, "family": entry.product.family, "photo": entry.same_photo}[key]
        if name:
            found[name].append(entry)
    return dict(found)


def test_a_title_states_exactly_the_tokens_it_is_said_to_state(plans: list[Plan]) -> None:
    for entry in plans:
        read = _read(entry)
        assert set(read) == set(entry.stated), entry.title
        assert all(len(values) == 1 for values in read.values()), entry.title


def test_duplicates_never_contradict_each_other(plans: list[Plan]) -> None:
    for entries in _by(plans, "product").values():
        for one, other in combinations([_read(entry) for entry in entries], 2):
            assert all(one[axis] == other[axis] for axis in one.keys() & other.keys())


def test_variants_always_differ_in_their_titles_on_one_axis(plans: list[Plan]) -> None:
    for entries in _by(plans, "family").values():
        for one, other in combinations(entries, 2):
            if one.product.id == other.product.id:
                continue
            read, other_read = _read(one), _read(other)
            assert read[one.product.axis] != other_read[one.product.axis]
            common = (read.keys() & other_read.keys()) - {one.product.axis}
            assert all(read[axis] == other_read[axis] for axis in common)


def test_variants_with_one_photo_change_nothing_but_the_token(plans: list[Plan]) -> None:
    shared = _by(plans, "photo")
    for entries in shared.values():
        assert len({entry.shot.number for entry in entries if entry.shot}) == 1
        words = [Counter(entry.title.lower().split()) for entry in entries]
        for one, other in combinations(words, 2):
            assert one != other
            assert sum((one - other).values()) <= 3


def test_some_variants_show_the_very_same_file(plans: list[Plan]) -> None:
    families = list(_by(plans, "photo").values())[:6]
    same = 0
    for entries in families:
        files = [render(entry) for entry in entries[:3]]
        same += sum(one == other for one, other in combinations(files, 2))
    assert same > 0


def test_every_product_has_its_own_brand_name_or_tokens(plans: list[Plan]) -> None:
    seen: dict[tuple[object, ...], str] = {}
    for entry in plans:
        made = entry.product
        key = (made.line.brand, made.line.name, made.line.kind.key, *sorted(made.tokens.items()))
        assert seen.setdefault(key, made.id) == made.id


def test_a_listing_always_shows_something(plans: list[Plan]) -> None:
    titled_shots = {(entry.product.id, entry.shot.number) for entry in plans if entry.shot and entry.title}
    for entry in plans:
        if not entry.title:
            assert entry.shot is not None
            assert (entry.product.id, entry.shot.number) in titled_shots


def test_prices_of_duplicates_are_near(plans: list[Plan]) -> None:
    for entries in _by(plans, "product").values():
        prices = [int(entry.price) for entry in entries if entry.price]
        assert not prices or max(prices) <= min(prices) * 1.25


@pytest.mark.parametrize(("listings", "seed"), [(600, 1), (600, 2), (2500, 9)])
def test_shares_hold_at_any_size(listings: int, seed: int) -> None:
    plans = list(plan(listings, seed))
    sizes = Counter(entry.product.id for entry in plans)
    in_groups = sum(size for size in sizes.values() if size > 1) / listings
    in_families = sum(bool(entry.product.family) for entry in plans) / listings
    variants = [
        (one, other)
        for entries in _by(plans, "family").values()
        for one, other in combinations(entries, 2)
        if one.product.id != other.product.id
    ]
    same_photo = sum(bool(one.same_photo) and one.same_photo == other.same_photo for one, other in variants)
    assert len(plans) == listings
    assert 0.43 <= in_groups <= 0.52
    assert 0.17 <= in_families <= 0.24
    assert same_photo >= max(30, 0.25 * len(variants))
    assert max(sizes.values()) <= 6
    assert 0.01 <= sum(entry.shot is None for entry in plans) / listings <= 0.04
    assert 0.004 <= sum(not entry.title for entry in plans) / listings <= 0.02


@pytest.mark.parametrize("listings", [1, 2, 3, 7])
def test_tiny_catalogs_have_the_size_that_was_asked_for(listings: int) -> None:
    assert len({entry.id for entry in plan(listings, 4)}) == listings
