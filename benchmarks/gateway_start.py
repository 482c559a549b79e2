"""How long a gateway takes from its start to its first answer, and what it loads.

`python -m benchmarks.gateway_start [ROUNDS]` prints the median of so many starts (5 unless told), the memory
after it, and which of the heavy libraries the process holds (none, one hopes).
"""

import statistics
import sys
import time
from pathlib import Path

import httpx

from benchmarks.report import memory_mb, publish
from local.stack import Stack

HEAVY = ("torch", "faiss", "numpy", "PIL")


def seconds_to_ready(stack: Stack) -> float:
    """Start the gateway and return the seconds until `/health/accepting` says yes."""
    started = time.monotonic()
    stack.start("gateway")
    while True:
        try:
            if httpx.get(f"{stack.url}/health/accepting", trust_env=False).status_code == httpx.codes.OK:
                return time.monotonic() - started
        except httpx.HTTPError:
            stack.check()
        time.sleep(0.005)


def loaded_libraries(pid: int) -> list[str]:
    """Return those of the heavy libraries whose compiled parts the process has mapped."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return [name for name in HEAVY if f"/site-packages/{name}/" in maps]


def main() -> None:
    """Measure, print, write the report."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    times = []
    with Stack(profile="deterministic") as stack:
        stack.start("redis")
        for _ in range(rounds):
            times.append(seconds_to_ready(stack))
            pid = stack.process("gateway").pid
            heavy = loaded_libraries(pid)
            rss_mb = memory_mb(pid)
            stack.stop("gateway")
    report = {
        "ready_s_median": round(statistics.median(times), 2),
        "ready_s_range": [round(min(times), 2), round(max(times), 2)],
        "rss_mb": round(rss_mb, 1),
        "heavy_libraries": heavy,
    }
    publish("gateway_start", report)


if __name__ == "__main__":
    main()
