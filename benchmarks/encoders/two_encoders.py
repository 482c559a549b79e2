"""A second encoder process: how much sooner a job is done, each process with one thread.

`python -m benchmarks.encoders.two_encoders [PRODUCTS] [DATA]` submits so many products (256 unless told) at
ViT-B-32 and MiniLM-L12 in turns: one encoder, two, two, one. Chunks are what encoders share out, so take an
even number of full ones: of 300 products, five chunks, one encoder of two has three. It is wall time that
counts here: on a machine with other work, or with fewer than three cores, the figure says as much about the
machine.
"""

import os
import statistics
import sys
from pathlib import Path

from benchmarks.encoders.cost import Cost
from benchmarks.encoders.goods import choose
from benchmarks.encoders.products import PASSIVE
from benchmarks.encoders.service import Service
from benchmarks.encoders.weights import random_weights
from benchmarks.report import publish
from workers.trainer.tower.photos import default_data

SECOND = "encoder.2"


def main() -> None:
    """Measure, print, write the report."""
    os.environ |= PASSIVE
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    archive = choose(Path(sys.argv[2]) if len(sys.argv) > 2 else default_data(), count).archive()
    costs: dict[int, list[Cost]] = {1: [], 2: []}
    with Service("clip", random_weights().settings) as service:
        for encoders in (1, 2, 2, 1):
            if encoders == 2 and not service.stack.process(SECOND).alive:
                service.stack.start(SECOND)
                service.stack.wait_ready(timeout_s=300)
            elif encoders == 1:
                service.stack.stop(SECOND)
            costs[encoders].append(cost := service.run(archive))
            print(f"{encoders} at work: {cost.cpu_s:.1f} CPU-s, {cost.wall_s:.1f} s", flush=True)
    wall = {n: statistics.median(cost.wall_s for cost in spent) for n, spent in costs.items()}
    cpu = {n: statistics.median(cost.cpu_s for cost in spent) for n, spent in costs.items()}
    figures = {
        "products": count,
        "two_encoders_vs_one": round(wall[1] / wall[2], 3),
        "two_encoders_cpu_vs_one": round(cpu[2] / cpu[1], 3),
        "one.per_s": round(count / wall[1], 2),
        "two.per_s": round(count / wall[2], 2),
        "load_average": round(os.getloadavg()[0], 1),
    }
    publish("two_encoders", figures)


if __name__ == "__main__":
    main()
