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
from workers.trainer.tower.pretrained import start_from_published

DIM: Final = 512
"""Length of an embedding."""

MEAN: Final = (0.5, 0.5, 0.5)
STD: Final = (0.5, 0.5, 0.5)
"""Per-channel mean and spread that turn values 0-1 into network input, as EfficientNet-Lite has them."""

CONFIG: Final[dict[str, Any]] = {
    "model_cfg": {
        "embed_dim": DIM,
        "vision_cfg": {
            "timm_model_name": "efficientnet_lite0",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
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


def build(seed: int, *, published: bool = False) -> nn.Module:
    """Build the whole open_clip model.

    Args:
        seed: the random weights depend on it alone.
        published: start the backbone from published weights; see `pretrained`.

    Returns:
        The model; `.visual` maps float32 (n, 3, side, side) to float32 (n, DIM).
    """
    torch.manual_seed(seed)
    text = open_clip.CLIPTextCfg(**CONFIG["model_cfg"]["text_cfg"])
    vision = open_clip.CLIPVisionCfg(**CONFIG["model_cfg"]["vision_cfg"])
    model: nn.Module = open_clip.CLIP(embed_dim=DIM, vision_cfg=vision, text_cfg=text)
    if published:
        start_from_published(model.get_submodule("visual.trunk"))
    # Channels-last is the layout for which CPU convolutions are fastest (a quarter faster, measured).
    return model.to(memory_format=torch.channels_last)


def as_input(views: Tensor) -> Tensor:
    """Turn views, float32 (n, 3, h, w) with values 0-1, into network input of the same shape."""
    mean, std = (torch.tensor(values, device=views.device).view(1, 3, 1, 1) for values in (MEAN, STD))
    shifted = (views - mean) / std
    return shifted.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def encode(
    visual: nn.Module,
    pixels: npt.NDArray[np.uint8],
    side: int,
    batch: int = 128,
    rows: npt.NDArray[np.int64] | None = None,
) -> Tensor:
    """Run cached photos through the tower as it stands.

    Args:
        visual: the image tower, on any device.
        pixels: uint8 array (n, 3, SIDE, SIDE); may be memory-mapped.
        side: side in pixels to which they are resized first.
        batch: photos at a time.
        rows: positions of the photos to encode; None: all.

    Returns:
        float32 (n, DIM), or (len(rows), DIM); not normalised; on the tower's device.
    """
    training = visual.training
    visual.eval()
    device = next(visual.parameters()).device
    chosen = np.arange(len(pixels)) if rows is None else rows
    parts = []
    for start in range(0, len(chosen), batch):
        photos = torch.tensor(pixels[chosen[start : start + batch]], device=device).float().div_(255)
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
