"""Embeddings for training: encoded once, kept, and one broken photo harms no other."""

from pathlib import Path

import numpy as np
import pytest

from shared.messages import Listing
from tests.encoder_fakes import FakeImageModel, FakeTextModel
from tests.support import jpeg
from workers.encoder.batch_encoder import BatchEncoder
from workers.encoder.models import Encoders
from workers.trainer.embedding import embed


def encoders() -> tuple[Encoders, FakeImageModel, FakeTextModel]:
    images, texts = FakeImageModel(), FakeTextModel()
    return Encoders(BatchEncoder(images, 32), BatchEncoder(texts, 32)), images, texts


def shop(root: Path) -> list[Listing]:
    for name, seed in (("a.jpg", 1), ("copy of a.jpg", 1), ("b.jpg", 2)):
        (root / name).write_bytes(jpeg(seed))
    (root / "broken.jpg").write_bytes(jpeg(3)[:200])
    return [
        Listing(id="1", title="mug", image="a.jpg"),
        Listing(id="2", title="  mug ", image="copy of a.jpg"),
        Listing(id="3", image="b.jpg"),
        Listing(id="4", title="cup", image="broken.jpg"),
        Listing(id="5", title="jug"),
    ]


def test_a_broken_photo_costs_its_listing_the_image_only(tmp_path: Path) -> None:
    built, _, _ = encoders()
    found = embed(shop(tmp_path), tmp_path, built)
    assert set(found.vectors["image"]) == {"1", "2", "3"}
    assert set(found.vectors["text"]) == {"1", "2", "4", "5"}
    assert set(found.unreadable) == {"4"}
    assert np.frombuffer(found.vectors["image"]["1"], "<f2").shape == (3,)


def test_the_same_content_is_encoded_once_and_never_again(tmp_path: Path) -> None:
    listings, cache = shop(tmp_path), tmp_path / "cache"
    built, images, texts = encoders()
    heard: list[tuple[str, int, int]] = []
    first = embed(listings, tmp_path, built, cache, lambda *said: heard.append(said))
    assert images.prepared == 2
    assert sorted(title for batch in texts.batches for title in batch) == ["cup", "jug", "mug"]
    assert heard == [("image", 3, 3), ("text", 3, 3)]
    again, images, texts = encoders()
    assert embed(listings, tmp_path, again, cache) == first
    assert (images.prepared, texts.batches) == (0, [])
    (tmp_path / "b.jpg").write_bytes(jpeg(9))
    changed = embed(listings, tmp_path, again, cache)
    assert changed.vectors["image"]["3"] != first.vectors["image"]["3"]
    assert images.prepared == 1
    assert sorted(path.suffix for path in cache.iterdir()) == [".npy", ".npy"]


def test_a_missing_photo_is_an_error(tmp_path: Path) -> None:
    built, _, _ = encoders()
    with pytest.raises(FileNotFoundError):
        embed([Listing(id="1", image="gone.jpg")], tmp_path, built)
