"""The same catalog submitted a second time: what the memory of embeddings saves.

`python -m benchmarks.encoders.resubmit [PRODUCTS] [DATA]` submits thirds of so many products (150 unless
told), at ViT-B-32 and MiniLM-L12, each third twice to a catalog of its own.
"""

import os
import sys
from pathlib import Path

from benchmarks.encoders.cost import Cost, advantage
from benchmarks.encoders.goods import choose
from benchmarks.encoders.products import PASSIVE, ROUNDS
from benchmarks.encoders.service import Service
from benchmarks.encoders.weights import random_weights
from benchmarks.report import publish
from workers.trainer.tower.photos import default_data


def main() -> None:
    """Measure, print, write the report."""
    os.environ |= PASSIVE
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    goods = choose(Path(sys.argv[2]) if len(sys.argv) > 2 else default_data(), count)
    first, again = list[Cost](), list[Cost]()
    with Service("clip", random_weights().settings | {"DOPPEL_CACHE_TTL_S": "3600"}) as service:
        for number, part in enumerate(goods.parts(ROUNDS)):
            archive = part.archive()
            for costs in (first, again):
                costs.append(service.run(archive, f"shop-{number}"))
    wall = [a.wall_s / b.wall_s for a, b in zip(first, again, strict=True)]
    figures: dict[str, object] = {"products": count // ROUNDS, "rounds": ROUNDS}
    figures |= {f"resubmit_speedup{end}": value for end, value in advantage(again, first).items()}
    figures |= {
        "resubmit_speedup_wall": round(sorted(wall)[len(wall) // 2], 2),
        "first_cpu_ms_per_product": round(sum(c.cpu_s for c in first) / count * 1000, 2),
        "again_cpu_ms_per_product": round(sum(c.cpu_s for c in again) / count * 1000, 2),
    }
    publish("resubmit", figures)


if __name__ == "__main__":
    main()
