"""Where the models run."""

import os

import torch

from shared.errors import ArtifactError


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
