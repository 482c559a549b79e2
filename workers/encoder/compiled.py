"""A network compiled for this machine's CPU by OpenVINO: the vectors of torch in half the time or less.

In full precision, so that it matters to nobody which of the two made a vector: bfloat16 is faster still, but
moves similarities by up to 0.025 (docs/decisions/0017-cpu-runtime.md).
"""

import logging
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from shared.errors import ModelUnavailable
from workers.encoder.unreported import openvino
from workers.encoder.vectors import unit_rows

log = logging.getLogger(__name__)

Backend: TypeAlias = Literal["auto", "torch", "openvino"]
Network: TypeAlias = Callable[..., NDArray[np.float32]]
Probe: TypeAlias = tuple[Sequence[torch.Tensor], NDArray[np.float32]]
"""Inputs of a network, and the vectors that torch makes of them, shape (n, dim)."""

MOST_SHIFT: Final = 1e-4
"""How far a unit vector may lie from torch's: a third of what rounding to float16 for the wire does.

No similarity changes by more than twice of it.
"""


class CompiledNetwork:
    """Runs in the threads that torch has; for one thread at a time."""

    def __init__(self, network: Callable[..., torch.Tensor], example: Sequence[torch.Tensor]) -> None:
        """Trace `network` with `example`, at least two items, and compile it for any number of items.

        Its parameters must not require gradients. Takes half a second for a small transformer.
        """
        from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

        with warnings.catch_warnings(), torch.no_grad():
            # torch says that it would rather export; traces are what OpenVINO's frontend is made for.
            warnings.simplefilter("ignore")
            trace: Any = torch.jit.trace
            traced = trace(network, tuple(example), check_trace=False)
        # Asked for as long as the conversion lasts, and held by nobody else.
        decoder = TorchScriptPythonDecoder(traced)
        frontend = openvino.frontend.FrontEndManager().load_by_framework("pytorch")
        options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
            # Or every encoder of a machine would sit on the same first cores.
            "ENABLE_CPU_PINNING": False,
            # What it prepares for a shape of batch it keeps; titles come in thousands of shapes.
            "CPU_RUNTIME_CACHE_CAPACITY": 500,
        }
        model = frontend.convert(frontend.load(decoder))
        self._request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()

    def __call__(self, *inputs: torch.Tensor) -> NDArray[np.float32]:
        """Return the output, float32, shape (n, dim)."""
        result = self._request.infer([tensor.contiguous().numpy() for tensor in inputs])
        return np.asarray(result[0], dtype=np.float32)


def compiled(
    backend: Backend, device: torch.device, network: Callable[..., torch.Tensor], probes: Sequence[Probe]
) -> Network | None:
    """Return the compiled network; None where torch should run it: on GPUs, or where the two disagree.

    `probes` should have batches of unlike shapes; the first is what the network is traced with.

    Raises:
        ModelUnavailable: `backend` insists on what cannot be had.
    """
    if backend == "torch" or (backend == "auto" and device.type != "cpu"):
        return None
    try:
        return _checked(device, network, probes)
    # Tracing, conversion and the plugin raise whatever they meet in a network that they do not know.
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
        if backend == "openvino":
            raise ModelUnavailable(f"DOPPEL_BACKEND=openvino cannot run this model: {reason}") from error
        log.warning("OpenVINO cannot run this model, torch does: %s", reason)
        return None


def _checked(
    device: torch.device, network: Callable[..., torch.Tensor], probes: Sequence[Probe]
) -> CompiledNetwork:
    if device.type != "cpu":
        raise ArithmeticError(f"it is for CPUs, not for {device}")
    candidate = CompiledNetwork(network, probes[0][0])
    shift = max(_shift(candidate(*inputs), expected) for inputs, expected in probes)
    if not shift <= MOST_SHIFT:
        raise ArithmeticError(f"its vectors lie {shift:.1e} from torch's, at most {MOST_SHIFT} is taken")
    return candidate


def _shift(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the longest distance between unit rows."""
    return float(np.linalg.norm(unit_rows(found) - unit_rows(expected), axis=1).max())
