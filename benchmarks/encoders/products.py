"""Products per CPU-second at ViT-B-32 and MiniLM-L12: Doppel, the loop of a notebook, infinity.

`python -m benchmarks.encoders.products [PRODUCTS] [DATA]` encodes so many photos with titles (200 unless
told). Doppel is measured from the submission over HTTP until its job is done, all its processes counted;
infinity over HTTP, its server counted; the loop has nothing around it. Prints where Doppel's CPU-seconds go.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.encoders.child import Child
from benchmarks.encoders.cost import Cost, compared, take_turns
from benchmarks.encoders.environment import PeerUnavailable
from benchmarks.encoders.goods import Goods, choose
from benchmarks.encoders.infinity import Infinity
from benchmarks.encoders.service import Service
from benchmarks.encoders.stages import overhead, show, stage_table
from benchmarks.encoders.weights import Weights, random_weights
from benchmarks.report import REPORTS, publish
from workers.trainer.tower.photos import default_data

ROUNDS = 3
# Threads that wait must not burn what others could use, nor be counted as work.
PASSIVE = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def loop(goods: Goods, weights: Weights, folder: Path) -> Child:
    """Return the plain loop over the goods."""
    listed = folder / "goods.json"
    listed.write_text(json.dumps([[str(photo) for photo in goods.photos], goods.titles]))
    command = [sys.executable, "-m", "benchmarks.encoders.loop"]
    return Child([*command, str(weights.image), str(weights.text), str(listed)], REPORTS / "loop.log")


def main() -> None:
    """Measure, print, write the report."""
    os.environ |= PASSIVE
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    goods = choose(Path(sys.argv[2]) if len(sys.argv) > 2 else default_data(), count)
    weights, archive = random_weights(), goods.archive()
    figures: dict[str, object] = {"products": count, "rounds": ROUNDS}
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        service = running.enter_context(Service("clip", weights.settings))
        plain = running.enter_context(loop(goods, weights, folder))
        runs: dict[str, Callable[[], Cost]] = {"doppel": lambda: service.run(archive), "loop": plain.run}
        try:
            runs["infinity"] = running.enter_context(Infinity(goods, weights)).run
        except PeerUnavailable as reason:
            print(f"infinity is left out: {reason}", file=sys.stderr)
            figures["infinity.left_out"] = str(reason)
        costs = take_turns(ROUNDS, runs)
        table = stage_table(service.spent, ROUNDS * count)
    print(show(table))
    figures |= compared(count, costs, "doppel")
    figures |= overhead(table)
    figures |= {f"ms.{stage}": value for stage, value in table.items()}
    publish("products", figures)


if __name__ == "__main__":
    main()
