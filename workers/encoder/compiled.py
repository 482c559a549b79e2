"""A network compiled for this machine's CPU by OpenVINO: the vectors of torch in half the time or less.

In full precision it matters to nobody which of the two made a vector. In bfloat16, where the processor has it
and the profile allows it, a network takes half of that again; it then has a name of its own
(docs/decisions/0017-cpu-runtime.md).
"""

import logging
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from shared.errors import ModelUnavailable
from shared.precision import Precision
from workers.encoder.vectors import unit_rows

log = logging.getLogger(__name__)

Run: TypeAlias = Callable[..., NDArray[np.float32]]
Probe: TypeAlias = tuple[Sequence[torch.Tensor], NDArray[np.float32]]
"""Inputs of a network, and the vectors that torch makes of them, shape (n, dim)."""

MOST_SHIFT: Final = 1e-4
"""How far a unit vector in full precision may lie from torch's: a third of what rounding to float16 does.

No similarity changes by more than twice of it.
"""
MOST_SCORE_SHIFT: Final = 0.005
"""How much bfloat16 may change the similarity of two probes."""


class Wish(NamedTuple):
    """What should run a model, and how exactly: `auto` is the fastest that keeps within the bounds."""

    backend: Literal["auto", "torch", "openvino"] = "auto"
    precision: Literal["auto", "full"] = "full"


class Network(NamedTuple):
    """What runs a model."""

    run: Run
    precision: Precision = "full"


class _Converted:
    """A network that torch has loaded, as OpenVINO's."""

    def __init__(self, network: Callable[..., torch.Tensor], example: Sequence[torch.Tensor]) -> None:
        """Trace `network`, whose parameters must not require gradients, with `example`: two items or more."""
        # First of all: it keeps the package from reporting that it is imported.
        from workers.encoder.unreported import openvino

        from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder  # isort: skip

        with warnings.catch_warnings(), torch.no_grad():
            # torch says that it would rather export; traces are what OpenVINO's frontend is made for.
            warnings.simplefilter("ignore")
            trace: Any = torch.jit.trace
            traced = trace(network, tuple(example), check_trace=False)
        # Asked for as long as the conversion lasts, and held by nobody else.
        decoder = TorchScriptPythonDecoder(traced)
        frontend = openvino.frontend.FrontEndManager().load_by_framework("pytorch")
        self._core = openvino.Core()
        self._model = frontend.convert(frontend.load(decoder))

    def has_bfloat16(self) -> bool:
        """Say whether the processor computes in bfloat16 itself."""
        return "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")

    def compile(self, precision: Precision) -> Run:
        """Return the network for any number of items; one call at a time, in the threads that torch has.

        Takes half a second for a small transformer.
        """
        options = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
            # Or every encoder of a machine would sit on the same first cores.
            "ENABLE_CPU_PINNING": False,
            # What it prepares for a shape of batch it keeps; titles come in thousands of shapes.
            "CPU_RUNTIME_CACHE_CAPACITY": 500,
        }
        request = self._core.compile_model(self._model, "CPU", options).create_infer_request()

        def run(*inputs: torch.Tensor) -> NDArray[np.float32]:
            result = request.infer([tensor.contiguous().numpy() for tensor in inputs])
            return np.asarray(result[0], dtype=np.float32)

        return run


def compiled(
    wish: Wish, device: torch.device, network: Callable[..., torch.Tensor], probes: Sequence[Probe]
) -> Network | None:
    """Return the compiled network; None where torch should run it: on GPUs, or where the two disagree.

    `probes` should have batches of unlike shapes; the first is what the network is traced with.

    Raises:
        ModelUnavailable: `wish` insists on what cannot be had.
    """
    if wish.backend == "torch" or (wish.backend == "auto" and device.type != "cpu"):
        return None
    try:
        return _checked(wish, device, network, probes)
    # Tracing, conversion and the plugin raise whatever they meet in a network that they do not know.
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
        if wish.backend == "openvino":
            raise ModelUnavailable(f"DOPPEL_BACKEND=openvino cannot run this model: {reason}") from error
        log.warning("OpenVINO cannot run this model, torch does: %s", reason)
        return None


def _checked(
    wish: Wish, device: torch.device, network: Callable[..., torch.Tensor], probes: Sequence[Probe]
) -> Network:
    if device.type != "cpu":
        raise ArithmeticError(f"it is for CPUs, not for {device}")
    converted = _Converted(network, probes[0][0])
    expected = _together(vectors for _, vectors in probes)
    if wish.precision == "auto" and converted.has_bfloat16():
        fast = converted.compile("bfloat16")
        shift = _score_shift(_together(fast(*inputs) for inputs, _ in probes), expected)
        if shift <= MOST_SCORE_SHIFT:
            log.info("bfloat16 moves similarities by %.4f at most", shift)
            return Network(fast, "bfloat16")
        log.info("full precision: bfloat16 moves similarities by %.4f, above %s", shift, MOST_SCORE_SHIFT)
    exact = converted.compile("full")
    shift = _shift(_together(exact(*inputs) for inputs, _ in probes), expected)
    if not shift <= MOST_SHIFT:
        raise ArithmeticError(f"its vectors lie {shift:.1e} from torch's, at most {MOST_SHIFT} is taken")
    return Network(exact)


def _together(batches: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the unit rows (n, dim) of all batches."""
    return unit_rows(np.concatenate(list(batches)))


def _shift(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the longest distance between unit rows."""
    return float(np.linalg.norm(found - expected, axis=1).max())


def _score_shift(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the largest change of a similarity between two unit rows."""
    return float(np.abs(found @ found.T - expected @ expected.T).max())
