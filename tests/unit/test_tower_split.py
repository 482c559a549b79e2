"""Photo cache and split: decoded once, the same everywhere, and nothing leaks."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workers.trainer.tower.cache import SIDE, load_pixels, squash
from workers.trainer.tower.near_duplicates import cluster
from workers.trainer.tower.photos import Photo, list_photos, product_numbers
from workers.trainer.tower.split import HELD_OUT, held_out_products, make_split, read_held_out, write_held_out


def picture(seed: int, width: int = 60, height: int = 80) -> Image.Image:
    """A picture of coarse random colours: unlike any of another seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC)


def write_collection(folder: Path, rows: list[dict[str, str]], pictures: list[Image.Image]) -> None:
    (folder / "images").mkdir(parents=True)
    for row, image in zip(rows, pictures, strict=True):
        image.save(folder / "images" / row["image"], quality=95)
    with (folder / "photos.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 clothing photos of which every fifth comes twice more (brighter, mirrored), 40 of 10 products."""
    folder = tmp_path_factory.mktemp("data")
    pictures, rows = [], []
    for number in range(40):
        photo = picture(number)
        copies = [photo]
        if number % 5 == 0:
            copies += [
                photo.point(lambda level: level // 2 + 60),
                photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
            ]
        for copy, image in enumerate(copies):
            rows.append({"image": f"c{number}-{copy}.jpg", "label": "Hat", "sender_id": "1"})
            pictures.append(image)
    write_collection(folder / "clothing_photos", rows, pictures)
    rows = [
        {"image": f"g{n}.jpg", "product_id": str(n % 10), "product": "Milk", "category": "Dairy"}
        for n in range(40)
    ]
    write_collection(folder / "grocery_photos", rows, [picture(1000 + n) for n in range(40)])
    return folder


@pytest.fixture(scope="module")
def photos(data: Path) -> list[Photo]:
    return list_photos(data)


@pytest.fixture(scope="module")
def pixels(photos: list[Photo], tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return load_pixels(photos, tmp_path_factory.mktemp("cache")).pixels


def test_photos_are_listed_with_their_products(photos: list[Photo]) -> None:
    assert len(photos) == 56 + 40
    assert {photo.product for photo in photos if photo.collection == "clothing"} == {None}
    assert product_numbers(photos)[-12:] == [8, 9, *range(10)]


def test_cache_holds_the_squashed_photos_and_is_read_again(photos: list[Photo], tmp_path: Path) -> None:
    lines: list[str] = []
    first = load_pixels(photos[:5], tmp_path, lines.append).pixels
    again = load_pixels(photos[:5], tmp_path, pytest.fail, threads=3).pixels
    assert first.shape == (5, 3, SIDE, SIDE)
    assert lines
    with Image.open(photos[3].path) as photo:
        assert np.array_equal(first[3], squash(photo))
    assert np.array_equal(first, again)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json", ".raw"]


def test_brighter_and_mirrored_copies_share_a_cluster(photos: list[Photo], pixels: np.ndarray) -> None:
    clusters = cluster(pixels)
    by_number: dict[str, set[int]] = {}
    for photo, number in zip(photos, clusters, strict=True):
        by_number.setdefault(photo.name.split("-")[0].removesuffix(".jpg"), set()).add(number)
    assert all(len(numbers) == 1 for numbers in by_number.values())
    assert len({number for numbers in by_number.values() for number in numbers}) == 80


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_split_never_divides_a_cluster_or_a_held_out_product(
    photos: list[Photo], pixels: np.ndarray, seed: int
) -> None:
    split = make_split(photos, pixels, seed)
    assert sorted(split.train + split.held_out) == list(range(len(photos)))
    clusters = [{split.clusters[i] for i in side} for side in (split.train, split.held_out)]
    assert not clusters[0] & clusters[1]
    products = held_out_products(photos, seed)
    assert len(products) == round(10 * HELD_OUT)
    assert not {photos[i].product_key for i in split.train} & products


def test_split_depends_on_the_seed_alone(photos: list[Photo], pixels: np.ndarray) -> None:
    assert make_split(photos, pixels, 1) == make_split(photos, pixels, 1)
    assert make_split(photos, pixels, 1).held_out != make_split(photos, pixels, 2).held_out


def test_share_of_the_held_out_can_be_chosen(photos: list[Photo], pixels: np.ndarray) -> None:
    assert not make_split(photos, pixels, 1, 0.0).held_out
    few, many = (len(make_split(photos, pixels, 1, share).held_out) for share in (0.1, 0.5))
    assert 0 < few < many
    assert len(held_out_products(photos, 1, 0.5)) == 5


def test_held_out_names_are_read_back(photos: list[Photo], pixels: np.ndarray, tmp_path: Path) -> None:
    split = make_split(photos, pixels, 1)
    write_held_out(tmp_path / "held_out.json", photos, split)
    assert read_held_out(tmp_path / "held_out.json") == {photos[i].key for i in split.held_out}
