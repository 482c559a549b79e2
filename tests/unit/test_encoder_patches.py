"""The first layer of a vision transformer, as a product of matrices, makes the same vectors."""

from typing import Any

import pytest
import torch
from open_clip.transformer import VisionTransformer
from torch import nn

from workers.encoder.patches import cut_into_patches


def tower(**changes: Any) -> Any:
    torch.manual_seed(0)
    shape = {"image_size": 32, "patch_size": 16, "width": 32, "layers": 1, "heads": 2, "mlp_ratio": 4.0}
    return VisionTransformer(**shape | {"output_dim": 16, **changes}).eval().requires_grad_(False)


def pictures(height: int = 32, width: int = 32) -> torch.Tensor:
    return torch.rand(3, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("changes", [{}, {"image_size": (40, 32), "patch_size": (8, 16)}])
def test_vectors_stay_the_same(changes: dict[str, Any], layout: torch.memory_format) -> None:
    plain, cut = tower(**changes), tower(**changes)
    cut_into_patches(cut)
    assert not any(isinstance(module, nn.Conv2d) for module in cut.modules())
    asked = pictures(*changes.get("image_size", (32, 32))).to(memory_format=layout)
    assert torch.allclose(plain(asked), cut(asked), rtol=1e-5, atol=1e-5)


def test_what_is_left_over_at_the_edges_is_left_out_as_before() -> None:
    plain, cut = tower(), tower()
    cut_into_patches(cut)
    asked = pictures(40, 47)
    assert torch.allclose(plain.conv1(asked), cut.conv1(asked), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("changes", [{"stride": 8}, {"padding": 4}, {"bias": True}, {"dilation": 2}])
def test_another_convolution_stays(changes: dict[str, Any]) -> None:
    same = tower()
    same.conv1 = nn.Conv2d(3, 32, 16, **{"stride": 16, "bias": False} | changes)
    cut_into_patches(same)
    assert isinstance(same.conv1, nn.Conv2d)


def test_a_tower_that_is_no_vision_transformer_stays() -> None:
    other = nn.Sequential(nn.Conv2d(3, 8, 4, stride=4, bias=False))
    cut_into_patches(other)
    assert isinstance(other[0], nn.Conv2d)
