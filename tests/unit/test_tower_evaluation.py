"""The evaluation: repeatable edits, honest galleries, and encoders."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from workers.trainer.evaluation.edit_run import answer, edited_photos, encode_edits, measure
from workers.trainer.evaluation.edits import COLLAGE, EDITS, apply_edit
from workers.trainer.evaluation.edits.registry import SINGLE
from workers.trainer.evaluation.encoders import HashEncoder, TowerEncoder, encode_files
from workers.trainer.evaluation.gallery import make_gallery, near_duplicates, one_per_cluster
from workers.trainer.evaluation.grocery_run import measure_grocery, take_grocery
from workers.trainer.evaluation.hog import HogEncoder
from workers.trainer.evaluation.study import Sizes, plan_study
from workers.trainer.tower.network import build, export
from workers.trainer.tower.photos import Photo

pytestmark = pytest.mark.usefixtures("one_thread")


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
    assert len(EDITS) == 29


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


def test_more_named_edits_are_drawn_from_the_first_ones_only() -> None:
    assert len(SINGLE) == 24
    assert {"perspective", "photo of a screen", "two edits"} <= set(EDITS) - set(SINGLE)


def test_perspective_keeps_the_middle_and_moves_the_corners(others: list[Image.Image]) -> None:
    photo = Image.new("RGB", (100, 100), (90, 200, 40))
    edited = apply_edit("perspective", photo, others, "s")
    assert edited.getpixel((50, 50)) == (90, 200, 40)
    assert edited.getpixel((0, 0)) != (90, 200, 40)


def test_photo_of_a_screen_shows_stripes_on_a_plain_photo(others: list[Image.Image]) -> None:
    edited = np.asarray(
        apply_edit("photo of a screen", Image.new("RGB", (200, 200), (128,) * 3), others, "s")
    )
    assert edited[60:140, 60:140].std() > 1


def test_gallery_asks_about_held_out_clothing_only(photos: list[Photo]) -> None:
    held_out = {photo.key for photo in photos[2:7]}
    gallery = make_gallery(photos, held_out, size=3, queries=4)
    assert [photo.collection for photo in gallery.photos] == ["clothing"] * 3
    assert {photo.key for photo in gallery.photos[:2]} == {photo.key for photo in photos[2:4]}
    assert (gallery.held_out, gallery.queries) == (2, (0, 1))
    assert gallery == make_gallery(list(reversed(photos)), held_out, size=3, queries=4)


def test_gallery_leaves_out_what_is_reserved(photos: list[Photo]) -> None:
    gallery = make_gallery(
        photos, {photos[0].key}, size=12, queries=1, reserved={photo.key for photo in photos[1:3]}
    )
    assert set(gallery.photos) == {photos[0], photos[3]}


def test_near_duplicates_share_a_cluster_and_one_of_them_stays(photos: list[Photo], tmp_path: Path) -> None:
    mirrored = Photo("clothing", "mirrored.jpg", tmp_path / "mirrored.jpg", None)
    with Image.open(photos[1].path) as photo:
        photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(mirrored.path, quality=60)
    several = [*photos[:4], mirrored]
    clusters = near_duplicates(several)
    assert clusters == [0, 1, 2, 3, 1]
    assert one_per_cluster(several, clusters, set()) == photos[:4]
    with pytest.raises(ValueError, match="both sides"):
        one_per_cluster(several, clusters, {mirrored.key})


def test_study_keeps_background_gallery_and_held_out_photos_apart(photos: list[Photo]) -> None:
    held_out = {photo.key for photo in (*photos[:2], *photos[4:6])}
    background = {photos[3].key, photos[-1].key}
    study = plan_study(photos, held_out, background, Sizes(gallery=12, queries=2, grocery=0))
    assert not {photo.key for photo in study.gallery.photos} & background
    asked = {study.gallery.photos[i].key for i in study.gallery.queries}
    assert asked == {photo.key for photo in photos[:2]}
    rows = np.arange(len(study.photos), dtype=np.float32)[:, None]
    places = study.pick(rows, study.grocery)[:, 0].astype(int)
    assert [study.photos[place] for place in places] == list(study.grocery)


def test_perceptual_hash_finds_recompressed_photos(photos: list[Photo]) -> None:
    gallery = make_gallery(photos, {photo.key for photo in photos}, size=4, queries=4)
    known = encode_files(HashEncoder(), [photo.path for photo in gallery.photos])
    edited = encode_edits(gallery, [HashEncoder()], lambda _line: None)["pHash"]
    figures = measure(answer(edited, known, gallery.queries))
    assert set(figures) == {*EDITS, "overall"}
    assert figures["recompression"].r1 == 1
    singles = [figures[name].r1 for name in EDITS if name != COLLAGE]
    assert figures["overall"].r1 == pytest.approx(sum(singles) / len(singles), abs=1e-3)


def test_edits_encoded_together_are_those_made_one_by_one(photos: list[Photo]) -> None:
    gallery = make_gallery(photos, {photo.key for photo in photos}, size=4, queries=3)
    together = encode_edits(gallery, [HogEncoder()], lambda _line: None)["HOG"]
    column = list(EDITS).index("two edits")
    assert np.array_equal(together[:, column], HogEncoder().encode(edited_photos(gallery, "two edits")))


def test_hog_rows_have_unit_length_and_a_plain_photo_has_none() -> None:
    rows = HogEncoder().encode([picture(1), picture(2), Image.new("RGB", (50, 60))])
    assert np.linalg.norm(rows, axis=1).tolist() == pytest.approx([1, 1, 0], abs=1e-5)
    assert rows[0] @ rows[1] < 0.99


def test_grocery_asks_about_unseen_products_among_all_photos() -> None:
    names = ["a", "a", "b", "b", "c", "c"]
    shop = [Photo("grocery", f"{n}", Path(f"{n}"), name) for n, name in enumerate(names)]
    held_out = {shop[0].key, shop[1].key, shop[2].key}
    # The second photo of the new product "a" is nearest to "c", which was trained on, then to the other "a".
    vectors = np.array([[1, 0], [0.6, 0.8], [0, -1], [-1, -1], [0.5, 0.9], [0.4, 0.9]], dtype=np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    figures = measure_grocery(shop, held_out, unit @ unit.T)
    assert figures["heldout_hit1"] == 0.5
    assert figures["unseen_products"] == 1
    assert figures["all_photos"] == pytest.approx(5 / 6, abs=1e-4)
    assert [photo.product for photo in take_grocery(list(reversed(shop)), held_out, 3)] == ["a", "a", "c"]


def test_tower_encoder_batches_give_the_same_unit_vectors(photos: list[Photo], tmp_path: Path) -> None:
    export(build(1), tmp_path)
    pictures = [picture(seed) for seed in range(5)]
    whole = TowerEncoder(tmp_path).encode(pictures)
    parts = TowerEncoder(tmp_path, batch=2).encode(pictures)
    assert np.allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-5)
    assert np.allclose(whole, parts, atol=1e-4)
