"""Pictures come to their tower as open_clip's own transform makes them, to a level or two of brightness."""

import numpy as np
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from tests.encoder_pictures import scene
from workers.encoder import preprocessing
from workers.encoder.preprocessing import Preprocessing

CPU = torch.device("cpu")
SHAPES = (
    (256, 256), (256, 341), (455, 256), (1200, 900), (224, 224), (160, 160),
    # Much taller than wide, where Pillow takes the rows first.
    (256, 376), (259, 1334), (100, 1600), (1600, 100),
    # Enlarged, by little and by much.
    (200, 150), (31, 17), (1, 1), (2, 32),
)  # fmt: skip
CONFIGS = (
    PreprocessCfg(size=224),
    PreprocessCfg(size=160, resize_mode="squash"),
    PreprocessCfg(size=224, interpolation="bilinear"),
    PreprocessCfg(size=224, resize_mode="longest"),
    PreprocessCfg(size=(224, 160)),
)


def hard(width: int, height: int) -> Image.Image:
    """Return black and white noise: edges wherever one looks, which resizing overshoots."""
    dots = np.random.default_rng(1).integers(0, 2, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(dots * 255)


@pytest.mark.parametrize("by_torch", [preprocessing._BY_TORCH, False])
@pytest.mark.parametrize("cfg", CONFIGS, ids=str)
def test_pictures_of_any_shape_are_what_open_clip_makes_of_them(
    cfg: PreprocessCfg, by_torch: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preprocessing, "_BY_TORCH", by_torch)
    whole, ours = image_transform_v2(cfg, is_train=False), Preprocessing(cfg, CPU)
    std = np.array(cfg.std).reshape(3, 1, 1)
    for size in SHAPES:
        # Sums of black and white often end halfway between two levels, which either may round to.
        for picture, most in ((scene(*size), 0.01), (hard(*size), 0.04)):
            expected = whole(picture).numpy()
            found = ours.floats([ours.pixels(picture)])[0].numpy()
            assert found.dtype == np.float32
            assert found.shape == expected.shape
            levels = np.abs(found - expected) * std * 255
            assert levels.max() < (2.01 if by_torch else 0.01), size
            assert np.mean(levels > 0.5) < (most if by_torch else 1e-6), size


def test_pictures_wait_as_bytes_and_go_together() -> None:
    ours = Preprocessing(PreprocessCfg(size=64), CPU)
    pictures = [ours.pixels(scene(*size)) for size in SHAPES]
    assert {(one.dtype, tuple(one.shape)) for one in pictures} == {(torch.uint8, (3, 64, 64))}
    # What was cut off is not kept.
    assert {one.untyped_storage().nbytes() for one in pictures} == {3 * 64 * 64}
    together = ours.floats(pictures)
    assert torch.equal(together, torch.cat([ours.floats([one]) for one in pictures]))
