"""The tower itself: a timm backbone inside open_clip's model, and its file format."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import open_clip
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from workers.trainer.tower.cache import SIDE

DIM: Final = 512
"""Length of an embedding."""

MEAN: Final = (0.5, 0.5, 0.5)
STD: Final = (0.25, 0.25, 0.25)
"""Per-channel mean and spread that turn pixel values 0-1 into network input."""

CONFIG: Final[dict[str, Any]] = {
    "model_cfg": {
        "embed_dim": DIM,
        "vision_cfg": {
            "timm_model_name": "resnet10t",
            "timm_model_pretrained": False,
            "timm_pool": "avgmax",
            "timm_proj": "linear",
            "timm_proj_bias": True,
            "image_size": SIDE,
        },
        # open_clip does not build a model without a text tower, and a default one is three times this file.
        # This one is as small as it gets, has random weights, and is never to be used.
        "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 64, "heads": 1, "layers": 1},
    },
    "preprocess_cfg": {
        "size": SIDE,
        "mode": "RGB",
        "mean": list(MEAN),
        "std": list(STD),
        "interpolation": "bicubic",
        "resize_mode": "squash",
    },
}
"""Contents of open_clip_config.json."""

WEIGHTS: Final = "open_clip_model.safetensors"


def build(seed: int) -> nn.Module:
    """Build the whole open_clip model with random weights that depend on the seed alone.

    Returns:
        The model; `.visual` maps float32 (n, 3, side, side) to float32 (n, DIM).
    """
    torch.manual_seed(seed)
    text = open_clip.CLIPTextCfg(**CONFIG["model_cfg"]["text_cfg"])
    vision = open_clip.CLIPVisionCfg(**CONFIG["model_cfg"]["vision_cfg"])
    model: nn.Module = open_clip.CLIP(embed_dim=DIM, vision_cfg=vision, text_cfg=text)
    # Channels-last is the layout for which CPU convolutions are fastest (a quarter faster, measured).
    return model.to(memory_format=torch.channels_last)


def as_input(views: Tensor) -> Tensor:
    """Turn views, float32 (n, 3, h, w) with values 0-1, into network input of the same shape."""
    shifted = (views - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
    return shifted.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def encode(visual: nn.Module, pixels: npt.NDArray[np.uint8], side: int, batch: int = 128) -> Tensor:
    """Run cached photos through the tower as it stands.

    Args:
        visual: the image tower.
        pixels: uint8 array (n, 3, SIDE, SIDE); may be memory-mapped.
        side: side in pixels to which they are resized first.
        batch: photos at a time.

    Returns:
        float32 (n, DIM), not normalised.
    """
    training = visual.training
    visual.eval()
    parts = []
    for start in range(0, len(pixels), batch):
        photos = torch.tensor(pixels[start : start + batch]).float().div_(255)
        if side != SIDE:
            photos = functional.interpolate(
                photos, side, mode="bilinear", align_corners=False, antialias=True
            )
        parts.append(visual(as_input(photos)).float())
    visual.train(training)
    return torch.cat(parts)


def export(model: nn.Module, folder: Path) -> Path:
    """Write the model as a folder that open_clip opens as `local-dir:<folder>`.

    Weights are stored as float16 (10 MB) and loaded as float32. The file gets its name only when complete.

    Returns:
        The weights file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in model.state_dict().items()
    }
    partial = folder / (WEIGHTS + ".partial")
    save_file(state, partial, metadata={"format": "pt"})
    partial.chmod(0o644)  # safetensors writes for the owner alone; in an image another user reads the file
    (folder / "open_clip_config.json").write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")
    return partial.rename(folder / WEIGHTS)
