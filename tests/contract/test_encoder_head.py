"""An encoder with a head: projected vectors of length 1, under a name of their own."""

from pathlib import Path

import numpy as np
import pytest

from shared.errors import ArtifactError
from shared.profile import HeadFile, Profile, load_profile
from shared.settings import EncoderSettings
from tests.encoder_pictures import scene
from workers.encoder.head import Head
from workers.encoder.models import Encoders, build_encoders

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
PICTURES = [scene(120 + 7 * n, 90, seed=n) for n in range(6)]
TITLES = ["Wireless mouse black", "Garden hose 20 m", "x", "a very long title " * 60]
SETTINGS = EncoderSettings(profile="deterministic", image_batch=4, text_batch=2)


def head(dim: int, out: int = 48, seed: int = 0) -> Head:
    return Head(np.random.default_rng(seed).normal(size=(dim, out)).astype(np.float32))


def encoders(folder: Path, image: HeadFile | None = None, text: HeadFile | None = None) -> Encoders:
    """Build encoders of the deterministic profile as a manifest in `folder` would name them."""
    plain, _ = load_profile("deterministic", ARTIFACTS)
    profile = Profile(
        name="headed",
        image=plain.image.model_copy(update={"head": image}),
        text=plain.text.model_copy(update={"head": text}),
    )
    (folder / "profile.json").write_text(profile.model_dump_json())
    return build_encoders(*load_profile(str(folder / "profile.json"), ARTIFACTS), SETTINGS)


def test_vectors_are_the_projections_of_the_models(tmp_path: Path) -> None:
    plain = encoders(tmp_path)
    image, text = head(plain.image.dim), head(plain.text.dim, seed=1)
    headed = encoders(tmp_path, image.save(tmp_path / "image.safetensors"), text.save(tmp_path / "text.st"))
    for before, after, projection, items in (
        (plain.image, headed.image, image, PICTURES),
        (plain.text, headed.text, text, TITLES),
    ):
        raw = before.encode(items).astype(np.float64)
        moved = raw @ projection.projection
        expected = moved / np.linalg.norm(moved, axis=1, keepdims=True)
        vectors = after.encode(items)
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(items), after.dim) == (len(items), 48)
        assert np.abs(vectors - expected).max() < 1e-6
        assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
        alone = np.concatenate([after.encode([item]) for item in items])
        assert np.abs(alone - vectors).max() < 1e-7
        assert after.encode([]).shape == (0, after.dim)


def test_name_tells_the_head(tmp_path: Path) -> None:
    first, second = head(192), head(192, seed=1)
    names = {
        encoders(tmp_path, image.save(tmp_path / "h") if image else None).image.model
        for image in (None, first, second)
    }
    assert names == {
        "deterministic:grid-v1",
        f"deterministic:grid-v1+head-{first.sha256[:12]}",
        f"deterministic:grid-v1+head-{second.sha256[:12]}",
    }


def test_head_of_one_modality_leaves_the_other_alone(tmp_path: Path) -> None:
    plain = encoders(tmp_path)
    headed = encoders(tmp_path, head(192).save(tmp_path / "h"))
    assert headed.text.model == plain.text.model
    assert headed.text.encode(TITLES).tobytes() == plain.text.encode(TITLES).tobytes()


def test_other_head_than_named_is_refused(tmp_path: Path) -> None:
    named = head(192).save(tmp_path / "h")
    head(192, seed=1).save(tmp_path / "h")
    with pytest.raises(ArtifactError, match="not the head that the profile names"):
        encoders(tmp_path, named)


def test_head_that_does_not_fit_the_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="model and the profile ask for"):
        encoders(tmp_path, head(100).save(tmp_path / "h"))


def test_missing_or_broken_file_is_refused(tmp_path: Path) -> None:
    named = head(192).save(tmp_path / "h")
    (tmp_path / "h").write_bytes(b"not safetensors")
    with pytest.raises(ArtifactError, match="is not a head"):
        encoders(tmp_path, named)
    (tmp_path / "h").unlink()
    with pytest.raises(ArtifactError, match="is not a head"):
        encoders(tmp_path, named)
