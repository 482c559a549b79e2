"""What a vision transformer need not compute is left out, and only that."""

from typing import Any

import pytest
import torch
from open_clip.transformer import VisionTransformer

from workers.encoder.class_token import leave_out_unused_tokens

PATCHES = 4
PICTURES = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def tower(**changes: Any) -> Any:
    torch.manual_seed(0)
    shape = {"image_size": 32, "patch_size": 16, "width": 32, "layers": 2, "heads": 2, "mlp_ratio": 4.0}
    made = VisionTransformer(**shape | {"output_dim": 16, **changes})
    # As after training: none of its layers passes everything on, and pooling the wrong token would show.
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return made.eval().requires_grad_(False)


def tokens_in_last_block(made: Any) -> int:
    """Return for how many tokens of each picture the last block's largest layers run."""
    seen: list[int] = []
    for name, layer in made.transformer.resblocks[-1].named_modules():
        if name.endswith("c_fc"):
            layer.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].shape[1]))
    made(PICTURES)
    (count,) = seen
    return count


@pytest.mark.parametrize("changes", [{}, {"ls_init_value": 0.1}, {"final_ln_after_pool": True}])
def test_tower_that_pools_its_class_token_computes_no_other_at_the_end(changes: dict[str, Any]) -> None:
    plain, lean = tower(**changes), tower(**changes)
    leave_out_unused_tokens(lean)
    assert torch.allclose(plain(PICTURES), lean(PICTURES), rtol=1e-5, atol=1e-5)
    assert tokens_in_last_block(lean) == 1


@pytest.mark.parametrize(
    "changes",
    [{"pool_type": "avg"}, {"attentional_pool": True}, {"qk_norm": True}],
    ids=lambda changes: next(iter(changes)),
)
def test_tower_that_needs_all_tokens_stays_as_it_is(changes: dict[str, Any]) -> None:
    same = tower(**changes)
    leave_out_unused_tokens(same)
    assert tokens_in_last_block(same) == 1 + PATCHES


@pytest.mark.parametrize("changes", [{}, {"attentional_pool": True}, {"pool_type": "avg"}])
def test_tower_that_returns_its_tokens_too_returns_its_pooled_vectors_alone(changes: dict[str, Any]) -> None:
    captioner, lean = (tower(**changes, output_tokens=True) for _ in range(2))
    leave_out_unused_tokens(lean)
    pooled, _ = captioner(PICTURES)
    assert torch.allclose(pooled, lean(PICTURES), rtol=1e-5, atol=1e-5)
