"""Memory of loading a tower and encoding with it: ``python -m workers.trainer.evaluation.memory FOLDER``.

In a process of its own, as a peak cannot be taken back. Prints JSON.
"""

import json
import subprocess
import sys
from pathlib import Path

import torch
from PIL import Image

from workers.trainer.evaluation.encoders import TowerEncoder


def resident_mb(field: str) -> float:
    """Read this process's resident memory in MB: `VmRSS` now, `VmHWM` its peak (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return round(int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024, 1)


def main() -> None:
    """Load the tower named on the command line, encode a batch of 32 twice, print what it took."""
    torch.set_num_threads(1)
    libraries = resident_mb("VmRSS")
    tower = TowerEncoder(Path(sys.argv[1]), batch=32)
    for _ in range(2):
        tower.encode([Image.new("RGB", (256, 341)) for _ in range(32)])
    sys.stdout.write(json.dumps({"libraries_mb": libraries, "peak_mb": resident_mb("VmHWM")}))


def measure_memory(folder: Path) -> dict[str, float]:
    """Run this module in a child process.

    Returns:
        `libraries_mb` once torch and open_clip are imported, `peak_mb` over loading and encoding.
    """
    command = [sys.executable, "-m", "workers.trainer.evaluation.memory", str(folder)]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - fixed arguments
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
