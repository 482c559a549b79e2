"""The written catalog: same bytes for the same seed, files that agree, an archive that is safe to open."""

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from samples import CatalogSummary, SampleListing, generate, write_catalog

_LISTINGS = 20


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> CatalogSummary:
    return write_catalog(tmp_path_factory.mktemp("shop"), listings=_LISTINGS, seed=11)


@pytest.fixture(scope="module")
def truth(written: CatalogSummary) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((written.directory / "truth.json").read_text(encoding="utf-8"))
    return found


def _digests(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def _rows(written: CatalogSummary) -> list[dict[str, str]]:
    with (written.directory / "listings.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_same_seed_same_bytes_in_any_number_of_processes(written: CatalogSummary, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "left-over.jpg").write_bytes(b"from an older catalog")
    write_catalog(tmp_path, listings=_LISTINGS, seed=11, workers=2)
    assert _digests(tmp_path) == _digests(written.directory)


def test_another_seed_gives_another_catalog() -> None:
    one, other = (next(generate(1, seed)) for seed in (1, 2))
    assert one.title != other.title
    assert one.image != other.image


def test_both_tables_hold_the_same_rows(written: CatalogSummary) -> None:
    lines = (written.directory / "listings.ndjson").read_text(encoding="utf-8").splitlines()
    rows = _rows(written)
    assert [json.loads(line) for line in lines] == rows
    assert len({row["id"] for row in rows}) == len(rows) == written.listings == _LISTINGS


def test_every_named_image_is_a_small_jpeg_and_no_other_lies_there(written: CatalogSummary) -> None:
    named = {row["image"] for row in _rows(written) if row["image"]}
    lying = {f"images/{path.name}" for path in (written.directory / "images").iterdir()}
    assert named == lying
    assert len(named) == written.images
    for name in sorted(named):
        with Image.open(written.directory / name) as photo:
            assert photo.format == "JPEG"
            assert photo.mode == "RGB"
            assert 150 <= min(photo.size) <= max(photo.size) <= 800


def test_the_archive_holds_the_table_and_the_images_under_plain_names(written: CatalogSummary) -> None:
    with zipfile.ZipFile(written.directory / "catalog.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names)) == written.images + 1
        assert all(not name.startswith("/") and ".." not in name for name in names)
        assert archive.read("listings.csv") == (written.directory / "listings.csv").read_bytes()
        some = next(name for name in names if name.endswith(".jpg"))
        assert archive.read(some) == (written.directory / some).read_bytes()


def test_summary_and_truth_count_the_same(written: CatalogSummary, truth: dict[str, Any]) -> None:
    for name, count in truth["counts"].items():
        assert getattr(written, name) == count, name
    assert set(truth["listings"]) == {row["id"] for row in _rows(written)}


def test_groups_are_the_products_with_several_listings(truth: dict[str, Any]) -> None:
    products: dict[str, list[str]] = {}
    for listing, facts in truth["listings"].items():
        products.setdefault(facts["product"], []).append(listing)
    assert sorted(truth["groups"]) == sorted(ids for ids in products.values() if len(ids) > 1)
    assert truth["counts"]["duplicate_pairs"] == sum(
        len(ids) * (len(ids) - 1) // 2 for ids in truth["groups"]
    )


def test_generate_draws_only_what_is_asked_for() -> None:
    stream = generate(1_000_000, 3)
    first = [next(stream) for _ in range(2)]
    assert all(isinstance(listing, SampleListing) for listing in first)
    assert Image.open(io.BytesIO(next(listing.image for listing in first if listing.image))).size > (100, 100)


@pytest.mark.parametrize(("listings", "workers"), [(0, 1), (5, 0)])
def test_nonsense_is_refused(listings: int, workers: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        generate(listings, 1, workers=workers)
