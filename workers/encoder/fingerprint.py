"""A digest of a model, so that vectors of different weights or preprocessing never meet."""

import hashlib
from collections.abc import Mapping

import torch

_DIGITS = 12


def fingerprint(weights: Mapping[str, torch.Tensor], preprocessing: str) -> str:
    """Return 12 hexadecimal digits of a SHA-256 over all tensors (name, type, shape, bytes) and the text."""
    digest = hashlib.sha256(preprocessing.encode())
    for name in sorted(weights):
        tensor = weights[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:_DIGITS]
