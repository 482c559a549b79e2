"""Receives Parquet files, as the gateway would: `python -m tests.malformed.receive_parquet FOLDER`.

They are made by another process, as pyarrow would count into the memory of this one.
"""

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from services.gateway.upload.formats import PARQUET, Limits
from tests.malformed.damage import Named
from tests.malformed.limited import limited
from tests.malformed.receive_all import DEADLINE_S, outcome
from tests.malformed.tables import cut

# Smaller than they are installed, so that a bomb is found out after a second.
LIMITS = Limits(60 * 1024**2, 15_000_000, 10_000_000, 2_000_000)
# Those that read inherit it.
MEMORY_BYTES = 1024**3


def write(files: Iterable[Named], folder: Path) -> None:
    """Write files, for this module to receive."""
    for number, (name, data) in enumerate(files):
        (folder / f"{number:03} {name}").write_bytes(data)


def _cases(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()):
        yield path.name.partition(" ")[2], path


if __name__ == "__main__":
    with ThreadPoolExecutor(1) as pool:

        def received(path: Path) -> dict[str, Any]:
            return outcome(pool, (PARQUET, cut(path.read_bytes(), 65_536)), LIMITS)

        limited(_cases(Path(sys.argv[1])), received, DEADLINE_S, MEMORY_BYTES)
