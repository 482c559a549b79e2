"""Where the models run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from shared.errors import ArtifactError, DeviceFull
from shared.watchdog import end_process


@contextmanager
def device_faults() -> Iterator[None]:
    """Around what a model does once it is loaded: tell what a GPU fails with from a fault of the listings.

    A GPU that is lost answers this process no more, which ends: another one finds it, or cannot start.

    Raises:
        DeviceFull: its memory does not suffice now.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise DeviceFull(f"the GPU's memory does not suffice: {error}") from error
    except torch.AcceleratorError as error:
        end_process(f"the GPU is lost: {error}")


def prepare_torch(device: str, threads: int) -> torch.device:
    """Set torch's CPU threads (0: one per core that this process may use) and return the device.

    float32 is computed as such there: TF32, which cuDNN takes unless told, has a mantissa of 10 bits.

    Raises:
        ArtifactError: the device is not there.
    """
    torch.set_num_threads(threads or len(os.sched_getaffinity(0)))
    torch.backends.cudnn.allow_tf32 = False
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    chosen = torch.device(device)
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ArtifactError(f"DOPPEL_DEVICE={device}: there is no such device")
    return chosen
