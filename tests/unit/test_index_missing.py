"""A missing image or title is a situation of its own, never a similarity of zero."""

import numpy as np
import pytest

from workers.index.arrays import CHANNELS
from workers.index.features import Setting, Situation, names_of
from workers.index.neighbourhood import DEPTH, Near
from workers.index.ngrams import count_ngrams
from workers.index.scoring import Context, Measured, measure
from workers.index.sides import Sides, make_sides
from workers.index.store import StoredListing
from workers.index.tfidf_index import TfidfIndex
from workers.index.vocabulary import Vocabulary

TITLES = ("Red mug 300 ml", "red mug 300ml ceramic")
ALIKE = np.array([[1.0, 0.0], [0.8, 0.6]], np.float32)
PAIR = np.array([0]), np.array([1])


def two(*, images: tuple[bool, bool], titles: tuple[bool, bool], seed: int = 0) -> Sides:
    """Two listings; the dice decide what is said of a modality that a listing lacks."""
    dice = np.random.default_rng(seed)
    listings = [
        StoredListing(key, str(key), title if there else "", title if there else "", None, "{}")
        for key, (title, there) in enumerate(zip(TITLES, titles, strict=True))
    ]
    present = {"image": np.array(images), "text": np.array(titles)}
    junk = dice.normal(size=(2, 2)).astype(np.float32)
    vectors = {modality: np.where(here[:, None], ALIKE, junk) for modality, here in present.items()}
    sides = make_sides(listings, vectors, present, count_ngrams([each.normalised for each in listings]))
    near = {
        channel: Near(
            dice.integers(5, 90, (2, DEPTH + 1))
            if not present["text" if channel == "lexical" else channel].all()
            else np.arange(5, 5 + DEPTH + 1)[None].repeat(2, axis=0),
            np.linspace(0.9, 0.1, DEPTH + 1)[None].repeat(2, axis=0),
        )
        for channel in CHANNELS
    }
    return Sides(sides.listings, sides.facts, sides.vectors, sides.present, sides.rows, near)


def measured(sides: Sides, setting: Setting) -> Measured:
    context = Context(TfidfIndex(), Vocabulary().rarity, setting)
    return measure(sides, PAIR[0], sides, PAIR[1], context, None)[0]


@pytest.mark.parametrize("setting", ["alone", "within", "across"])
@pytest.mark.parametrize(
    ("images", "titles", "situation", "missing"),
    [
        ((True, False), (True, True), "text_only", "image"),
        ((False, False), (True, True), "text_only", "image"),
        ((True, True), (False, True), "image_only", "text"),
        ((True, True), (False, False), "image_only", "text"),
    ],
)
def test_what_one_side_lacks_is_no_part_of_the_answer(
    images: tuple[bool, bool],
    titles: tuple[bool, bool],
    situation: Situation,
    missing: str,
    setting: Setting,
) -> None:
    found = measured(two(images=images, titles=titles), setting)
    assert found.situation == situation
    assert getattr(found, f"{missing}_sim") is None
    names = names_of(situation, setting)
    assert len(found.values) == len(names)
    assert not any(name.startswith(f"{missing}_") for name in names)
    assert found.fused_sim == pytest.approx(0.8)
    # Whatever stands where the missing image or title would be.
    assert found == measured(two(images=images, titles=titles, seed=1), setting)


def test_a_photo_unlike_the_other_is_evidence_and_a_missing_one_is_none() -> None:
    sides = two(images=(True, True), titles=(True, True))
    sides.vectors["image"][1] = (0.0, 1.0)
    there = measured(sides, "alone")
    assert (there.situation, there.image_sim) == ("image_text", 0.0)
    assert "image_sim" in names_of("image_text", "alone")
    assert measured(two(images=(True, False), titles=(True, True)), "alone").image_sim is None


def test_nothing_in_common_is_no_situation() -> None:
    found = measured(two(images=(True, False), titles=(False, True)), "alone")
    assert (found.situation, found.values, found.fused_sim) == (None, (), None)
