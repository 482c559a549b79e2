"""The weights that ship: the file is what it should be, and recognises edited photos that it never saw."""

from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from workers.trainer.evaluation.edit_run import edited_photos
from workers.trainer.evaluation.encoders import TowerEncoder, encode_files
from workers.trainer.evaluation.gallery import make_gallery
from workers.trainer.tower.network import DIM, WEIGHTS
from workers.trainer.tower.photos import default_data, list_photos
from workers.trainer.tower.split import FILE, read_held_out

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "artifacts" / "bundled" / "image"


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def data() -> Path:
    folder = default_data()
    if not (folder / "clothing_photos" / "photos.csv").exists():
        pytest.skip(f"no photos at {folder}: set DOPPEL_DATA to the data folder to run this test")
    return folder


def test_weights_are_small_half_precision_and_complete() -> None:
    assert (FOLDER / WEIGHTS).stat().st_size < 30_000_000
    with safe_open(FOLDER / WEIGHTS, "np") as tensors:
        weights = {name: tensors.get_tensor(name) for name in tensors.offset_keys()}
    assert {str(value.dtype) for value in weights.values()} == {"float16", "int64"}
    assert {"visual.head.proj.weight", "visual.head.proj.bias", "logit_scale"} <= set(weights)
    assert all(np.isfinite(value).all() for value in weights.values())


def test_no_other_file_holds_weights() -> None:
    allowed = {WEIGHTS, "open_clip_config.json", FILE, "MODEL_CARD.md", "training.json", "manifest.json"}
    allowed |= {"background.npy", "background.json"}
    assert {file.name for file in FOLDER.iterdir()} <= allowed


def test_held_out_photos_exist_and_are_about_a_seventh(data: Path) -> None:
    keys = {photo.key for photo in list_photos(data)}
    held_out = read_held_out(FOLDER / FILE)
    assert held_out <= keys
    assert 0.10 < len(held_out) / len(keys) < 0.20


def test_edited_photos_find_their_originals(data: Path) -> None:
    gallery = make_gallery(list_photos(data), read_held_out(FOLDER / FILE), size=0, queries=8)
    tower = TowerEncoder(FOLDER)
    known = encode_files(tower, [photo.path for photo in gallery.photos[:40]])
    assert known.shape == (40, DIM)
    for edit in ("flip", "watermark"):
        found = (tower.encode(edited_photos(gallery, edit)) @ known.T).argmax(1)
        assert (found == np.arange(8)).mean() >= 0.8, edit
