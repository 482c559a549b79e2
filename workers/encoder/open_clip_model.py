"""Image models of open_clip: any name and tag, hub repository, folder or checkpoint."""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from open_clip.transform import PreprocessCfg
from PIL import Image, ImageOps

from shared.errors import ModelUnavailable
from shared.precision import with_precision
from shared.profile import ImageModel
from workers.encoder.class_token import leave_out_unused_tokens
from workers.encoder.compiled import Network, Wish, compiled
from workers.encoder.device import device_faults
from workers.encoder.fingerprint import fingerprint
from workers.encoder.half_precision import run_model
from workers.encoder.image_weights import ImageWeights
from workers.encoder.patches import cut_into_patches
from workers.encoder.preprocessing import Preprocessing

_SIZE: Final = 256


def _fractal(left: float, top: float, span: float) -> Image.Image:
    """Return a part of the Mandelbrot set: shapes, edges and texture of every scale."""
    return Image.effect_mandelbrot((_SIZE, _SIZE), (left, top, left + span, top + span), 60)


# What a compiled tower and torch must see alike: bright, dark, smooth, busy, and of many colours.
_RAMP, _DISC, _BLACK = Image.linear_gradient("L"), Image.radial_gradient("L"), Image.new("L", (_SIZE, _SIZE))
_PARTS: Final = [
    _fractal(*part) for part in ((-2, -1.2, 2.4), (-0.8, 0.05, 0.2), (-1.8, -0.1, 0.3), (0.25, -0.1, 0.2))
]
_PROBES: Final = (
    *(Image.new("RGB", (8, 8), colour) for colour in ("white", "black", "red", "teal")),
    *(Image.merge("RGB", bands) for bands in ((_RAMP, _DISC, _BLACK), (_DISC, _DISC, _RAMP))),
    *(part.convert("RGB") for part in _PARTS),
    *(Image.merge("RGB", (part, _RAMP, _DISC)) for part in _PARTS),
    *(ImageOps.colorize(part, "white", "navy", "orange") for part in _PARTS),
)


class OpenClipModel:
    """The image tower of an open_clip model with the preprocessing that belongs to it."""

    def __init__(self, choice: ImageModel, weights: ImageWeights, device: torch.device, wish: Wish) -> None:
        """Load the tower.

        Raises:
            ModelUnavailable: the weights do not fit the model, or are in a form that is not loaded.
        """
        self.call_cost = 0
        whole = _load(weights)
        # The text tower is never asked, and is the larger half of some models.
        tower = whole.visual.to(device).eval().requires_grad_(False)
        preprocessing = dict(whole.visual.preprocess_cfg)
        self._preprocessing = Preprocessing(PreprocessCfg(**preprocessing), device)
        digest = fingerprint(tower.state_dict(), json.dumps(preprocessing, sort_keys=True))
        leave_out_unused_tokens(tower)
        if device.type == "cpu":
            cut_into_patches(tower)
        tag = f"/{choice.pretrained}" if choice.pretrained else ""
        # The layout for which torch's convolutions are fastest on CPU (1.4 times, measured), and on GPUs in
        # float16.
        layout = torch.channels_last
        tower.to(memory_format=layout)
        torch_run = Network(
            lambda values: run_model(device, wish.precision, lambda: tower(values.to(memory_format=layout)))
        )
        pictures = self._preprocessing.floats([self.prepare(picture) for picture in _PROBES])
        expected = torch_run.run(pictures)
        self.dim = int(expected.shape[1])
        probes = [((pictures[:n],), expected[:n]) for n in (len(pictures), 1)]
        self._network = compiled(wish, device, tower, probes) or torch_run
        full_name = f"open_clip:{choice.model}{tag}#{digest}"
        self.name = with_precision(full_name, self._network.precision)

    def prepare(self, item: Image.Image) -> torch.Tensor:
        """Return an RGB image in the tower's size, uint8, shape (3, height, width)."""
        return self._preprocessing.pixels(item)

    def cost(self, prepared: torch.Tensor) -> int:
        """All images cost the same once prepared."""
        return prepared.numel()

    @device_faults()
    def forward(self, batch: Sequence[torch.Tensor]) -> NDArray[np.float32]:
        """Return the tower's output, float32, shape (n, dim).

        Raises:
            DeviceFull: the memory of the GPU does not suffice now.
        """
        return self._network.run(self._preprocessing.floats(batch))


def _load(weights: ImageWeights) -> Any:  # noqa: ANN401 - open_clip has no types
    try:
        if weights.model.startswith("local-dir:") and weights.checkpoint is not None:
            # open_clip takes a folder's own weights only, and ignores others without a word.
            model = open_clip.create_model(weights.model, load_weights=False, pretrained_text=False)
            open_clip.load_checkpoint(model, weights.checkpoint, strict=True, weights_only=True)
            return model
        return open_clip.create_model(
            weights.model,
            pretrained=weights.checkpoint,
            force_quick_gelu=weights.quick_gelu,
            force_preprocess_cfg=weights.preprocessing,
            pretrained_text=False,
            require_pretrained=True,
            weights_only=True,
        )
    # open_clip and torch raise a different type for each way in which a checkpoint can be wrong.
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelUnavailable(
            f"image weights from {weights.origin} cannot be loaded: {reason[:300]}"
        ) from error
