"""A compiled network is used where it does what torch does, and nowhere else."""

import logging
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shared.errors import ModelUnavailable
from workers.encoder.compiled import MOST_SHIFT, Network, Probe, Wish, compiled

pytestmark = pytest.mark.own_process

CPU = torch.device("cpu")
Torch = Callable[[torch.Tensor], torch.Tensor]


def rows(count: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(count, 6, generator=torch.Generator().manual_seed(seed))


def probes(network: Torch) -> list[Probe]:
    return [((rows(n, n),), np.asarray(network(rows(n, n)))) for n in (3, 1)]


def choose(network: Torch, wish: Wish = Wish(), device: torch.device = CPU) -> Network | None:  # noqa: B008
    return compiled(wish, device, network, probes(network))


INSISTING = Wish("openvino")
HALVING = Wish(precision="auto")


@pytest.fixture
def bfloat16() -> None:
    from workers.encoder.unreported import openvino

    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor does not compute in bfloat16")


def sane(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.gelu(x @ torch.eye(6)[:, :4].cumsum(0)) + 0.5


def two_faced(x: torch.Tensor) -> torch.Tensor:
    """Tracing keeps the branch that it saw."""
    return sane(x) if len(x) == 3 else sane(x).flip(1)


def unknown(x: torch.Tensor) -> torch.Tensor:
    """No converter knows eigenvalues."""
    return torch.linalg.eigvals(x.T @ x).real[None] + sane(x)[:, :1]


def test_compiled_network_does_what_torch_does() -> None:
    network = choose(sane, INSISTING)
    assert network is not None
    for count in (1, 2, 50, 3):
        found: NDArray[np.float32] = network.run(rows(count, 9))
        assert found.dtype == np.float32
        assert np.abs(found - sane(rows(count, 9)).numpy()).max() < 1e-5


def test_results_stay_when_others_are_made() -> None:
    network = choose(sane)
    assert network is not None
    first = network.run(rows(4, 1))
    before = first.copy()
    network.run(rows(4, 2))
    assert np.array_equal(first, before)


@pytest.mark.parametrize(("network", "reason"), [(two_faced, "lie"), (unknown, "")])
def test_torch_runs_what_cannot_be_compiled_or_comes_out_otherwise(
    network: Torch, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "workers.encoder.compiled"):
        assert choose(network) is None
    assert "torch does" in caplog.text
    assert reason in caplog.text
    with pytest.raises(ModelUnavailable, match="DOPPEL_BACKEND=openvino cannot run this model"):
        choose(network, INSISTING)


def test_bound_is_what_it_says() -> None:
    """Two vectors that are this far from torch's change their similarity by twice of it at most."""
    for far, accepted in ((0.5, True), (2.0, False)):
        expected = sane(rows(3)).numpy().astype(np.float64)
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        across = np.eye(4)[0] - expected * expected[:, :1]
        across *= far * MOST_SHIFT / np.linalg.norm(across, axis=1, keepdims=True)
        network = compiled(Wish(), CPU, sane, [((rows(3),), (expected + across).astype(np.float32))])
        assert (network is not None) == accepted


@pytest.mark.usefixtures("bfloat16")
def test_bfloat16_is_taken_where_similarities_hardly_move() -> None:
    network = choose(sane, HALVING)
    assert network is not None
    assert network.precision == "bfloat16"
    found, exact = network.run(rows(50, 9)), sane(rows(50, 9)).numpy()
    assert 1e-5 < np.abs(found - exact).max() < 2e-2


@pytest.mark.usefixtures("bfloat16")
def test_full_precision_is_kept_where_bfloat16_moves_similarities(caplog: pytest.LogCaptureFixture) -> None:
    """Small differences of large numbers are what it loses."""

    def cancelling(x: torch.Tensor) -> torch.Tensor:
        return (sane(x) + 100) @ torch.tensor([[1.0, 1], [-1, 1], [1, -1], [-1, -1]]) + 0.01

    with caplog.at_level(logging.INFO, "workers.encoder.compiled"):
        network = choose(cancelling, HALVING)
    assert network is not None
    assert network.precision == "full"
    assert "bfloat16 moves similarities by" in caplog.text
    assert np.abs(network.run(rows(50, 9)) - cancelling(rows(50, 9)).numpy()).max() < 1e-3


def test_full_precision_is_what_a_profile_gets_that_asks_for_it() -> None:
    network = choose(sane, Wish(precision="full"))
    assert network is not None
    assert network.precision == "full"


def test_torch_is_left_alone_where_it_was_asked_for_and_on_gpus() -> None:
    def never(_: torch.Tensor) -> torch.Tensor:
        raise AssertionError

    assert compiled(Wish("torch"), CPU, never, []) is None
    assert compiled(Wish(), torch.device("cuda"), never, []) is None
    with pytest.raises(ModelUnavailable, match="it is for CPUs, not for cuda"):
        compiled(INSISTING, torch.device("cuda"), never, [])


def test_nothing_is_reported_to_anybody() -> None:
    """By itself, `import openvino` sends its maker a report."""
    look = "import sys, workers.encoder.unreported; print(sys.modules['openvino_telemetry'])"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout == "None\n"
