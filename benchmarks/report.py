"""What every measurement ends with: its figures printed and written; and looks at a process from outside."""

import json
from pathlib import Path
from typing import Any

REPORTS = Path("reports")


def publish(name: str, figures: dict[str, Any]) -> None:
    """Print the figures and write them to `reports/<name>.json`."""
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
    for figure, value in figures.items():
        print(f"{figure:42} {value}")


def memory_mb(pid: int, *, peak: bool = False) -> float:
    """Return the memory that a process has resident, or the most it ever had, in MB."""
    field = "VmHWM" if peak else "VmRSS"
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024
