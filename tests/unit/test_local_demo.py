"""The demonstration's figures on hand-made truth, and its contact sheets."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from client import Conflict, Group, GroupMember, Job, Pair
from local.demo.cards import Shelf, make_cards, selection
from local.demo.catalog import described, sample_catalog
from local.demo.metrics import measure
from local.demo.report import Outcome, figures, write_sheets
from local.demo.tables import print_groups, print_metrics
from local.demo.timing import Timing

# Products: {a1 a2 a3}, {b1 b2}, {c}; b1 and c show one photo.
PRODUCTS = {"a1": "A", "a2": "A", "a3": "A", "b1": "B", "b2": "B", "c": "C"}
TRUTH = {
    "listings": {listing: {"product": product} for listing, product in PRODUCTS.items()},
    "same_photo_variants": [["c", "b1"], ["a1", "c"]],
}


def group(*ids: str) -> Group:
    return Group(f"g-{ids[0]}", ids[0], len(ids), tuple(GroupMember(i, 0.9) for i in ids))


def pair(a: str, b: str, verdict: str) -> Pair:
    return Pair(a, b, verdict, 0.8, conflicts=(Conflict("size", "M", "<L>"),))


def test_figures_on_known_truth() -> None:
    # Found: a1-a2 (true), b1-b2 (true), b1-c, b2-c (false). True: three of A, one of B.
    found = measure(
        TRUTH,
        [group("a1", "a2"), group("b1", "b2", "c")],
        [pair("a2", "a1", "duplicate"), pair("a1", "a3", "duplicate"), pair("a1", "b1", "variant")],
    )
    assert (found.groups.precision, found.groups.recall) == (2 / 4, 2 / 4)
    assert (found.pairs.precision, found.pairs.recall) == (1.0, 2 / 4)
    assert found.same_photo_variants == 2
    assert found.same_photo_variants_called_duplicate == 1 / 2


def test_figures_of_nothing() -> None:
    nothing = measure({"listings": {}, "same_photo_variants": []}, [], [])
    assert (nothing.groups.precision, nothing.groups.recall) == (1.0, 1.0)
    assert nothing.same_photo_variants_called_duplicate is None


def test_time_goes_to_the_stage_that_had_it() -> None:
    now = [0.0]
    timing = Timing(lambda: now[0])
    with timing.stage("upload"):
        now[0] = 2.0
    for then, stage in ((3.0, "encode"), (5.0, "encode"), (6.0, "match")):
        now[0] = then
        timing.job(Job("J", "submission", "running", stage))
    assert timing.rounded() == {"upload": 2.0, "encode": 3.0, "match": 1.0, "total": 6.0}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    photos = {}
    for number, listing in enumerate(PRODUCTS):
        if listing != "a3":
            photos[listing] = tmp_path / f"{listing}.jpg"
            Image.new("RGB", (300, 200), (40 * number, 90, 120)).save(photos[listing])
    titles = {listing: f"{listing} <b>cup</b> with a rather long name " * 3 for listing in PRODUCTS}
    return Shelf(titles | {"b2": ""}, photos, PRODUCTS)


def test_cards_keep_variants_apart_and_mark_what_is_wrong(shelf: Shelf) -> None:
    pairs = [pair("a1", "c", "variant"), pair("b1", "b2", "variant"), pair("a1", "a2", "duplicate")]
    (first,) = make_cards(shelf, [group("a1", "a2", "b1")], pairs)
    assert [tile.id for tile in first.members] == ["a1", "a2", "b1"]
    assert [tile.wrong for tile in first.members] == [False, False, True]
    assert [(tile.id, tile.note) for tile in first.variants] == [
        ("c", "<L> instead of M"),
        ("b2", "<L> instead of M"),
    ]
    assert first.heading == "3 listings, one product"


def test_selection_has_cards_of_every_kind(shelf: Shelf) -> None:
    groups = [group("a1", "a2"), group("b1", "b2")]
    cards = make_cards(shelf, groups, [pair("a3", "c", "variant")])
    assert [card.id for card in selection(cards, 3)] == ["g-a1", "g-b1", ""]


def test_sheets_are_whole_files(shelf: Shelf, tmp_path: Path) -> None:
    cards = make_cards(shelf, [group("a1", "a2", "a3", "b1"), group("b2", "c")], [pair("a1", "c", "variant")])
    metrics = measure(TRUTH, [group("a1", "a2")], [])
    job = Job("J1", "submission", "succeeded", counts={"groups": 2, "variants": 1})
    outcome = Outcome(6, 7, "bundled", job, metrics, {"encode": 1.5})
    html, png = write_sheets(tmp_path / "reports", outcome, cards)
    text = html.read_text(encoding="utf-8")
    assert "<b>cup" not in text
    assert text.count("data:image/jpeg;base64,") == 7
    assert "http" not in text
    assert "in truth another product" in text
    with Image.open(png) as picture:
        assert picture.width == 1732
    assert figures(outcome)["duplicate_recall"] == 1 / 4
    assert figures(outcome)["seconds"] == {"encode": 1.5}


def test_tables_print_titles_as_they_are(shelf: Shelf) -> None:
    console = Console(file=io.StringIO(), width=160)
    print_groups(console, [group("a1", "a2", "a3", "b1")], shelf)
    print_metrics(console, measure(TRUTH, [group("a1", "a2")], []))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "… and 1 more" in said
    assert "0.250" in said


def test_a_catalog_is_drawn_once(tmp_path: Path) -> None:
    first = sample_catalog(tmp_path, listings=4, seed=3)
    drawn = (first / "catalog.zip").stat().st_mtime_ns
    assert sample_catalog(tmp_path, listings=4, seed=3) == first
    assert (first / "catalog.zip").stat().st_mtime_ns == drawn
    assert described(first).startswith("4 listings")
    assert sample_catalog(tmp_path, listings=4, seed=4) != first
