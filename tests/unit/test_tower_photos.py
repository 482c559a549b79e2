"""Folders and catalogs of photos: found, named and labelled; what cannot be read is left out and said."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workers.trainer.tower.cache import SIDE, load_pixels
from workers.trainer.tower.dataset import gather, require_enough
from workers.trainer.tower.errors import Refused
from workers.trainer.tower.photos import collect, product_numbers
from workers.trainer.tower.tables import Columns


def paint(file: Path, seed: int) -> None:
    """Write a photo of coarse random colours: unlike any of another seed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(blocks).resize((30, 24), Image.Resampling.BICUBIC).save(file)


def write_table(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A plain folder: four photos in three formats and folders, and files that are none."""
    folder = tmp_path / "shop_photos"
    for seed, name in enumerate(("b.JPG", "a/x.png", "a/deep/y.webp", "c.gif")):
        paint(folder / name, seed)
    paint(folder / ".thumbnails" / "b.jpg", 99)
    (folder / "notes.txt").write_text("no photo", encoding="utf-8")
    return folder


@pytest.fixture
def shopee(tmp_path: Path) -> Path:
    """A catalog as Shopee's: the table beside `train_images`, a photo used by two postings."""
    folder = tmp_path / "shopee"
    rows = [
        {"posting_id": "t1", "image": "1.jpg", "title": "Cup", "label_group": "7"},
        {"posting_id": "t2", "image": "2.jpg", "title": "Mug", "label_group": "8"},
        {"posting_id": "t3", "image": "1.jpg", "title": "Cup!", "label_group": "7"},
        {"posting_id": "t4", "image": "", "title": "Nothing to see", "label_group": "7"},
        {"posting_id": "t5", "image": "3.jpg", "title": "Cup", "label_group": ""},
    ]
    for seed in range(3):
        paint(folder / "train_images" / f"{seed + 1}.jpg", 10 + seed)
    write_table(folder / "train.csv", rows)
    return folder


def test_a_plain_folder_is_searched_in_depth_and_in_order(shop: Path) -> None:
    photos = collect([shop])
    assert [photo.key for photo in photos] == [
        "shop/a/deep/y.webp",
        "shop/a/x.png",
        "shop/b.JPG",
        "shop/c.gif",
    ]
    assert all(photo.path.is_file() and photo.product is None for photo in photos)


def test_a_catalog_gives_each_photo_once_with_its_product(shopee: Path) -> None:
    photos = collect([shopee])
    assert [(photo.name, photo.product) for photo in photos] == [
        ("1.jpg", "7"),
        ("2.jpg", "8"),
        ("3.jpg", None),
    ]
    assert [photo.path.parent.name for photo in photos] == ["train_images"] * 3


@pytest.mark.parametrize("place", ["images", "train_images", "."])
def test_photos_of_a_catalog_lie_in_usual_places(tmp_path: Path, place: str) -> None:
    paint(tmp_path / place / "1.png", 3)
    write_table(tmp_path / "catalog.csv", [{"image": "1.png"}])
    assert collect([tmp_path])[0].path.is_file()


def test_columns_can_be_named(shopee: Path) -> None:
    photos = collect([shopee], Columns(image="image", product="title"))
    assert [photo.product for photo in photos] == ["Cup", "Mug", "Cup"]


def test_a_column_that_no_table_has_is_refused(shop: Path, shopee: Path) -> None:
    with pytest.raises(Refused, match="no table has a column colour"):
        collect([shop, shopee], Columns(product="colour"))


def test_a_table_without_images_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "photos.csv", [{"title": "Cup"}])
    with pytest.raises(Refused, match="no image column, but title"):
        collect([tmp_path])


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nowhere is no folder"):
        collect([tmp_path / "nowhere"])


def test_same_names_and_products_of_two_folders_stay_apart(tmp_path: Path) -> None:
    folders = [tmp_path / "one" / "shop", tmp_path / "two" / "shop"]
    for seed, folder in enumerate(folders):
        paint(folder / "images" / "1.png", seed)
        write_table(folder / "photos.csv", [{"image": "1.png", "product_id": "5"}])
    photos = collect(folders)
    assert [photo.key for photo in photos] == ["shop/1.png", "shop-2/1.png"]
    assert product_numbers(photos) == [0, 1]


def test_unreadable_photos_are_left_out_counted_and_named(shop: Path, tmp_path: Path) -> None:
    whole = (shop / "b.JPG").read_bytes()
    (shop / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    for number in range(12):
        (shop / f"text{number:02}.jpg").write_text("no photo", encoding="utf-8")
    write_table(
        shop / "photos.csv",
        [{"image": file.name} for file in sorted(shop.glob("*.[jJ]*"))] + [{"image": "gone"}],
    )
    lines: list[str] = []
    corpus = gather(collect([shop]), tmp_path / "cache", 0.0, 2, lines.append)
    assert [photo.name for photo in corpus.photos] == ["b.JPG"]
    assert corpus.decoded.pixels.shape == (1, 3, SIDE, SIDE)
    assert corpus.decoded.unreadable["shop/gone"] == "there is no such file"
    assert "left out 14 of 15 photos, as they cannot be read:" in lines
    assert len([line for line in lines if line.startswith("  shop/")]) == 10
    assert (
        load_pixels(collect([shop]), tmp_path / "cache", pytest.fail).unreadable == corpus.decoded.unreadable
    )


def test_too_few_photos_are_refused(shop: Path, tmp_path: Path) -> None:
    corpus = gather(collect([shop]), tmp_path / "cache", 0.0, 1, lambda _line: None)
    require_enough(corpus, 4)
    with pytest.raises(Refused, match=r"4 photos to train on .* a step needs 8"):
        require_enough(corpus, 8)


def test_no_readable_photo_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "1.jpg").write_text("no photo", encoding="utf-8")
    for photos in (collect([folder]), []):
        with pytest.raises(Refused, match="none of the"):
            load_pixels(photos, tmp_path / "cache")


def test_groups_are_families_products_or_near_duplicates(shop: Path, shopee: Path, tmp_path: Path) -> None:
    (shop / "copy.gif").write_bytes((shop / "c.gif").read_bytes())
    corpus = gather(collect([shop, shopee]), tmp_path / "cache", 0.0, 1, lambda _line: None)
    groups = dict(zip([photo.name for photo in corpus.photos], corpus.training.groups.tolist(), strict=True))
    assert groups["copy.gif"] == groups["c.gif"]
    assert len(set(groups.values())) == len(groups) - 1


def test_the_digest_knows_products_and_pixels(shopee: Path, tmp_path: Path) -> None:
    def digest() -> str:
        return gather(collect([shopee]), tmp_path / "cache", 0.0, 1, lambda _line: None).digest

    first = digest()
    assert digest() == first
    table = (shopee / "train.csv").read_text(encoding="utf-8")
    (shopee / "train.csv").write_text(table.replace("t2,2.jpg,Mug,8", "t2,2.jpg,Mug,7"), encoding="utf-8")
    relabelled = digest()
    paint(shopee / "train_images" / "2.jpg", 200)
    assert len({first, relabelled, digest()}) == 3
