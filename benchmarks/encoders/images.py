"""Images per CPU-second without any download: Doppel's profile `bundled` beside imagededup's CNN.

`python -m benchmarks.encoders.images [IMAGES] [DATA]` (400 unless told). Doppel is measured from the
submission over HTTP until its job is done, all its processes counted; imagededup encodes a folder and
compares all photos.
"""

import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.encoders.child import Child, ChildFailed
from benchmarks.encoders.cost import compared, take_turns
from benchmarks.encoders.environment import PeerUnavailable, interpreter
from benchmarks.encoders.goods import Goods, choose
from benchmarks.encoders.products import PASSIVE, ROUNDS
from benchmarks.encoders.service import Service
from benchmarks.encoders.stages import show, stage_table
from benchmarks.report import REPORTS, publish
from workers.trainer.tower.photos import default_data

PACKAGES: Final = ("imagededup==0.3.3.post2",)


def imagededup(goods: Goods, folder: Path) -> Child:
    """Return imagededup over copies of the photos.

    Raises:
        PeerUnavailable: it cannot be installed.
    """
    python, photos = interpreter("imagededup", PACKAGES), folder / "photos"
    photos.mkdir()
    for number, photo in enumerate(goods.photos):
        shutil.copyfile(photo, photos / f"{number}{photo.suffix}")
    script = Path(__file__).with_name("imagededup_cnn.py")
    return Child([str(python), str(script), str(photos), str(folder)], REPORTS / "imagededup.log")


def main() -> None:
    """Measure, print, write the report."""
    os.environ |= PASSIVE
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    goods = choose(Path(sys.argv[2]) if len(sys.argv) > 2 else default_data(), count)
    archive = goods.archive(titles=False)
    figures: dict[str, object] = {"images": count, "rounds": ROUNDS}
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        service = running.enter_context(Service("bundled"))
        runs = {"bundled": lambda: service.run(archive)}
        try:
            runs["imagededup"] = running.enter_context(imagededup(goods, folder)).run
        except (PeerUnavailable, ChildFailed) as reason:
            print(f"imagededup is left out: {reason}", file=sys.stderr)
            figures["imagededup.left_out"] = str(reason)
        costs = take_turns(ROUNDS, runs)
        table = stage_table(service.spent, ROUNDS * count)
    print(show(table))
    figures |= compared(count, costs, "bundled")
    figures |= {f"ms.{stage}": value for stage, value in table.items()}
    publish("images", figures)


if __name__ == "__main__":
    main()
