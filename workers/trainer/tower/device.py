"""Where a run computes, and how exactly."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

from workers.trainer.tower.errors import Refused


@dataclass(frozen=True)
class Device:
    """Where a run computes.

    Attributes:
        place: torch's name of it.
        half: number format of the forward pass; None for float32 throughout, as on CPU: bfloat16 without
            matrix units was no faster there, and the same seed is to give the same weights.
    """

    place: torch.device
    half: torch.dtype | None

    @property
    def fast(self) -> bool:
        """Whether it is a GPU, with memory of its own."""
        return self.place.type == "cuda"

    @property
    def name(self) -> str:
        """What the machine calls it."""
        if self.fast:
            return torch.cuda.get_device_name(self.place)
        about = Path("/proc/cpuinfo")
        lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        return models[0] if models else platform.machine()


CPU = Device(torch.device("cpu"), None)


def choose(wanted: str, threads: int) -> Device:
    """Prepare torch for this process and give the device.

    Args:
        wanted: ``auto``, ``cpu`` or ``cuda``.
        threads: CPU threads; 0: one per core that this process may use.

    Raises:
        Refused: there is no GPU that torch can use.
    """
    torch.set_num_threads(threads or len(os.sched_getaffinity(0)))
    torch.set_flush_denormal(True)
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise Refused("torch finds no GPU here: --device cpu")
    if wanted == "cpu" or not there:
        return CPU
    half = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return Device(torch.device("cuda"), half)
