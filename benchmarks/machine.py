"""What the figures were measured on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

# What decides how fast networks and cosines are; a processor's name does not tell.
_INSTRUCTIONS: Final = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")


def machine() -> dict[str, Any]:
    """Describe this machine; `busy` says that more wants to run on it than it has cores."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[2]
    told = Path("/proc/cpuinfo").read_text().splitlines()
    known = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in told)}
    flags = known.get("flags", known.get("Features", "")).split()
    return {
        "processor": known.get("model name", platform.machine()),
        "instructions": [name for name in _INSTRUCTIONS if name in flags],
        "cores": cores,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_average_15min": round(load, 1),
        "busy": load > cores,
        "python": platform.python_version(),
        "torch": version("torch"),
        "date": datetime.now(UTC).date().isoformat(),
    }
