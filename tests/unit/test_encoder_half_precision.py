"""What decides how exactly a GPU computes; that it does so needs one."""

from typing import Literal

import pytest
import torch

from workers.encoder.device import prepare_torch
from workers.encoder.half_precision import is_half, run_model


@pytest.mark.parametrize(
    ("device", "precision", "half"),
    [("cuda", "auto", True), ("cuda:1", "auto", True), ("cuda", "full", False), ("cpu", "auto", False)],
)
def test_float16_is_for_gpus_and_for_models_that_may_be_in_it(
    device: str, precision: Literal["auto", "full"], *, half: bool
) -> None:
    assert is_half(torch.device(device), precision) is half


def test_full_precision_is_without_tf32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    prepare_torch("cpu", torch.get_num_threads())
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_a_cpu_computes_as_exactly_as_the_model_is() -> None:
    exact = torch.tensor([[1 / 3, 1e-6]])
    assert (run_model(torch.device("cpu"), "auto", lambda: exact) == exact.numpy()).all()
