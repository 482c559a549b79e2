"""The evaluation: edits that are repeatable, and figures that agree with counting by hand."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops

from workers.trainer.evaluation.edit_run import make_gallery, measure_edits
from workers.trainer.evaluation.edits import COLLAGE, EDITS, apply_edit
from workers.trainer.evaluation.encoders import HashEncoder, TowerEncoder
from workers.trainer.evaluation.grocery_run import measure_grocery
from workers.trainer.evaluation.metrics import (
    hit_at_1,
    hit_at_1_of_scores,
    ranks,
    recall_at,
    recall_at_false_positives,
)
from workers.trainer.tower.network import build, export
from workers.trainer.tower.photos import Photo


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Tiny tensors gain nothing from threads, and waiting for each other costs a lot on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def picture(seed: int, size: tuple[int, int] = (120, 150)) -> Image.Image:
    """A smooth picture of random colours."""
    blocks = np.random.default_rng(seed).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def others() -> list[Image.Image]:
    return [picture(seed) for seed in (11, 12, 13)]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Photo]:
    """Twelve photo files; the last eight show two products."""
    folder = tmp_path_factory.mktemp("photos")
    made = []
    for number in range(12):
        file = folder / f"{number}.png"
        picture(number).save(file)
        product = str(number % 2) if number >= 4 else None
        made.append(Photo("grocery" if product else "clothing", file.name, file, product))
    return made


def test_there_are_enough_edits() -> None:
    assert len(EDITS) >= 22


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("size", [(120, 150), (97, 61)])
def test_edit_gives_a_changed_repeatable_picture(
    name: str, size: tuple[int, int], others: list[Image.Image]
) -> None:
    photo = picture(1, size)
    before = photo.copy()
    edited = apply_edit(name, photo, others, "seed")
    assert edited.mode == "RGB"
    assert edited.size != size or ImageChops.difference(edited, photo).getbbox()
    assert np.array_equal(edited, apply_edit(name, photo, others, "seed"))
    assert np.array_equal(photo, before)


def test_edits_differ_between_photos(others: list[Image.Image]) -> None:
    photo = picture(1)
    first, second = (apply_edit("half crop", photo, others, seed) for seed in ("a", "b"))
    assert first.tobytes() != second.tobytes()


def test_flip_is_a_mirror(others: list[Image.Image]) -> None:
    photo = picture(1)
    assert np.array_equal(np.asarray(apply_edit("flip", photo, others, "s")), np.asarray(photo)[:, ::-1])


def test_half_crop_keeps_half_of_the_area(others: list[Image.Image]) -> None:
    edited = apply_edit("half crop", picture(1), others, "s")
    assert edited.width * edited.height == pytest.approx(120 * 150 / 2, rel=0.02)


def test_rank_counts_better_photos_and_half_of_the_ties() -> None:
    scores = np.array([[0.9, 0.5, 0.1], [0.5, 0.5, 0.1], [0.9, 0.8, 0.8]], dtype=np.float32)
    found = ranks(scores, np.array([0, 0, 2]))
    assert found.tolist() == [0, 0.5, 1.5]
    assert recall_at(found, 1) == pytest.approx(2 / 3)
    assert recall_at(found, 5) == 1


def test_recall_at_false_positives_asks_for_more_than_strangers_reach() -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.3, 0.8, 0.1], [0.1, 0.85, 0.4]], dtype=np.float32)
    # Strangers' best scores are 0.2, 0.3 and 0.85: with none let in, only the first answer is above all.
    assert recall_at_false_positives(scores, np.array([0, 1, 2]), 0.01) == pytest.approx(1 / 3)
    assert recall_at_false_positives(scores, np.array([0, 1, 2]), 0.5) == pytest.approx(2 / 3)


def test_hit_at_1_agrees_with_counting() -> None:
    dice = np.random.default_rng(1)
    vectors = dice.normal(size=(60, 8)) * dice.uniform(0.5, 2, (60, 1))
    ids = [str(random.Random(n).randrange(12)) for n in range(60)]
    hits, asked = 0, 0
    for row in range(60):
        if ids.count(ids[row]) < 2:
            continue
        cosine = vectors @ vectors[row] / np.linalg.norm(vectors, axis=1)
        cosine[row] = -np.inf
        asked += 1
        hits += ids[int(cosine.argmax())] == ids[row]
    assert hit_at_1(vectors, ids) == pytest.approx(hits / asked)


def test_hit_at_1_shares_ties_and_leaves_single_photos_out() -> None:
    scores = np.array([[1, 0.5, 0.5], [0.5, 1, 0.1], [0.5, 0.1, 1]], dtype=np.float32)
    assert hit_at_1_of_scores(scores, ["a", "a", "b"]) == pytest.approx((0.5 + 1) / 2)


def test_gallery_asks_about_held_out_photos_only(photos: list[Photo]) -> None:
    held_out = {photo.key for photo in photos[2:7]}
    gallery = make_gallery(photos, held_out, size=9, queries=4)
    assert len(gallery.photos) == 9
    assert {photo.key for photo in gallery.photos[:5]} == held_out
    assert gallery.queries == (0, 1, 2, 3)
    assert gallery == make_gallery(list(reversed(photos)), held_out, size=9, queries=4)


def test_perceptual_hash_finds_recompressed_photos(photos: list[Photo]) -> None:
    gallery = make_gallery(photos, {photo.key for photo in photos}, size=12, queries=3)
    figures = measure_edits(gallery, [HashEncoder()], lambda _line: None)["pHash"]
    assert set(figures) == {*EDITS, "overall"}
    assert figures["recompression"]["r1"] == 1
    singles = [figures[name]["r1"] for name in EDITS if name != COLLAGE]
    assert figures["overall"]["r1"] == pytest.approx(sum(singles) / len(singles), abs=1e-3)


def test_grocery_run_measures_every_encoder(photos: list[Photo], tmp_path: Path) -> None:
    export(build(1), tmp_path)
    encoders = [TowerEncoder(tmp_path), TowerEncoder(tmp_path, random_weights=True), HashEncoder()]
    seen = {photo.key for photo in photos if photo.product == "1"}
    held_out = {photo.key for photo in photos} - seen
    figures = measure_grocery(photos, held_out, encoders, lambda _line: None)
    assert set(figures) == {"tower", "random tower", "pHash"}
    assert figures["tower"]["unseen_products"] == 1  # only one product is left there
    assert all(0 <= value <= 1 for row in figures.values() for value in row.values())


def test_tower_encoder_batches_give_the_same_unit_vectors(photos: list[Photo], tmp_path: Path) -> None:
    export(build(1), tmp_path)
    pictures = [picture(seed) for seed in range(5)]
    whole = TowerEncoder(tmp_path).encode(pictures)
    parts = TowerEncoder(tmp_path, batch=2).encode(pictures)
    assert np.allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-5)
    assert np.allclose(whole, parts, atol=1e-4)
