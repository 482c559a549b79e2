"""Training of a head on made-up vectors: what it must learn, and what it must leave alone."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from shared.errors import ArtifactError
from shared.profile import ImageModel, Profile, TextModel, load_profile
from workers.encoder.head import Head
from workers.encoder.vectors import to_wire, unit_rows
from workers.index.arrays import Vectors
from workers.trainer.embedding import Embeddings
from workers.trainer.head.batches import PER_GROUP, ROWS, batches
from workers.trainer.head.folder import add_head, project
from workers.trainer.head.losses import LOSSES, Loss, batch_hard_triplet, info_nce
from workers.trainer.head.precision import mean_average_precision
from workers.trainer.head.training import train_head

DIM, SIGNAL = 24, 6


def made_up(groups: int, seed: int, nuisance: float) -> tuple[Vectors, list[str]]:
    """Return vectors whose group shows in the first SIGNAL numbers only, the others being chance."""
    draw = np.random.default_rng(seed)
    labels = np.repeat(np.arange(groups), 5)
    centres = draw.normal(size=(groups, SIGNAL))
    signal = centres[labels] + 0.35 * draw.normal(size=(len(labels), SIGNAL))
    rest = nuisance * draw.normal(size=(len(labels), DIM - SIGNAL))
    return unit_rows(np.hstack([signal, rest])), [f"group {label}" for label in labels]


def precision(vectors: Vectors, labels: list[str]) -> float:
    return mean_average_precision(vectors, np.unique(labels, return_inverse=True)[1])


@pytest.mark.parametrize("loss", LOSSES)
def test_head_ranks_products_better_that_it_was_not_trained_on(loss: Loss) -> None:
    vectors, labels = made_up(60, seed=1, nuisance=1.0)
    others, their_labels = made_up(40, seed=2, nuisance=1.0)
    trained = train_head(vectors, labels, loss=loss)
    assert trained.steps > 0
    assert trained.after > trained.before
    gain = precision(trained.head.apply(others), their_labels) - precision(others, their_labels)
    assert gain > 0.02


def test_head_stays_the_identity_where_there_is_nothing_to_learn() -> None:
    vectors = np.repeat(np.eye(DIM, dtype=np.float32), 2, axis=0)
    trained = train_head(vectors, [str(row // 2) for row in range(len(vectors))])
    assert trained.steps == 0
    assert trained.before == trained.after == 1
    assert np.array_equal(trained.head.projection, np.eye(DIM))


def test_same_seed_gives_the_same_head_and_another_seed_another() -> None:
    vectors, labels = made_up(20, seed=3, nuisance=1.0)
    heads = [train_head(vectors, labels, seed=seed).head.sha256 for seed in (5, 5, 6)]
    assert heads[0] == heads[1] != heads[2]


def test_labels_of_too_few_groups_are_refused() -> None:
    vectors, labels = made_up(7, seed=4, nuisance=1.0)
    with pytest.raises(ArtifactError, match="8 groups of two listings or more, there are 7"):
        train_head(vectors, labels)


def test_triplet_by_hand() -> None:
    """Angles 0 and 60 degrees of one group, 90 and 90 of the other: only the hardest of each row counts."""
    angles = torch.tensor([0, math.pi / 3, math.pi / 2, math.pi / 2])
    rows = torch.stack([angles.cos(), angles.sin()], 1)
    near = math.cos(math.pi / 6)
    # Row by row: other group's nearest less own group's farthest, plus the margin, not below zero.
    expected = (0 + (near - 0.5 + 0.2) + (near - 1 + 0.2) * 2) / 4
    assert batch_hard_triplet(rows, torch.tensor([1, 1, 2, 2]), 0.2).item() == pytest.approx(
        expected, abs=1e-6
    )


def test_info_nce_by_hand() -> None:
    """Two equal pairs at right angles: each row picks its like, e^1 of e^1 + 2 e^0."""
    rows = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    expected = -math.log(math.e / (math.e + 2))
    assert info_nce(rows, torch.tensor([1, 1, 2, 2]), 1.0).item() == pytest.approx(expected, abs=1e-6)


def test_precision_by_hand() -> None:
    """a1 finds b first, then a2: 1/2; a2 finds a1 first: 1; b has no other and is not asked."""
    vectors = np.array([[1, 0], [0.6, 0.8], [0.9, -math.sqrt(1 - 0.81)]], np.float32)
    assert mean_average_precision(vectors, np.array([0, 0, 1])) == pytest.approx(0.75)


def test_batches_hold_whole_groups_up_to_their_share() -> None:
    groups = np.concatenate([np.repeat(np.arange(100), 9), [100]])
    for rows, _ in zip(batches(groups, np.random.default_rng(0)), range(20), strict=False):
        _, counts = np.unique(groups[rows], return_counts=True)
        assert len(set(rows.tolist())) == len(rows) == ROWS
        assert set(counts) == {PER_GROUP}
        assert 900 not in rows


def test_head_is_put_into_a_profile_with_its_background(tmp_path: Path) -> None:
    image = ImageModel(library="open_clip", model="local-dir:image", dim=2)
    text = TextModel(library="deterministic", model="ngrams-v1", dim=2)
    (tmp_path / "image").mkdir()
    (tmp_path / "profile.json").write_text(Profile(name="p", image=image, text=text).model_dump_json())
    np.save(tmp_path / "image" / "background.npy", np.array([[0.6, 0.8]], np.float16))
    head = Head(np.array([[0, 1], [2, 0]], np.float32))
    add_head(tmp_path, "image", head)
    profile, folder = load_profile(str(tmp_path / "profile.json"), tmp_path)
    assert profile.text.head is None
    assert profile.image.head is not None
    assert Head.load(folder / profile.image.head.file).sha256 == profile.image.head.sha256 == head.sha256
    moved = np.array([[1.6, 0.6]]) / np.hypot(1.6, 0.6)
    assert np.allclose(np.load(folder / "image" / "background.npy"), moved, atol=1e-3)
    with pytest.raises(ArtifactError, match="has a head for image"):
        add_head(tmp_path, "image", head)


def test_embeddings_are_projected_under_the_new_name() -> None:
    rows = to_wire(np.array([[0.6, 0.8], [1, 0]], np.float32))
    held = Embeddings(
        models={"image": ("m", 2), "text": ("t", 2)},
        vectors={"image": dict(zip("ab", rows, strict=True)), "text": {"a": rows[0]}},
    )
    head = Head(np.array([[0, 1, 0], [2, 0, 0]], np.float32))
    moved = project(held, "image", head)
    assert moved.models == {"image": (f"m+head-{head.sha256[:12]}", 3), "text": ("t", 2)}
    assert moved.vectors["text"] == held.vectors["text"]
    assert np.allclose(np.frombuffer(moved.vectors["image"]["b"], "<f2"), [0, 1, 0])
    assert np.allclose(np.frombuffer(moved.vectors["image"]["a"], "<f2"), [0.9363, 0.3511, 0], atol=1e-3)
