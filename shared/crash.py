"""Crash points: places at which a test may kill or hang the process. Inert unless `DOPPEL_CRASH_DIR` is set.

The variable names a folder. A file in it with the name of a point arms that point for one crash, and
`<point>.hang` for one hang; a file `image-decoding.<SHA-256>` kills every process that decodes those bytes.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

VARIABLE: Final = "DOPPEL_CRASH_DIR"
POINTS: Final = frozenset({
    "chunk-spooled", "chunk-recorded", "upload-stored", "upload-sealed",  # gateway
    "encode-claimed", "image-decoding", "block-written", "encode-done", "query-encoded",  # encoder
    "ingest-claimed", "chunk-committed", "chunk-completed", "ingest-done",  # index
    "match-claimed", "pairs-committed", "match-done",
    "finish-claimed", "groups-made", "pages-written", "end-recorded", "job-forgotten", "job-ended",
    "finish-done", "query-answered",
    "sweep-found", "job-restored", "ledger-restored",  # reconciler
    "message-awaited",  # every worker
})  # fmt: skip


def crash_at(point: str, which: str = "") -> None:
    """Kill this process if the point, or the point for `which`, is armed; hang if it is armed for that.

    Raises:
        ValueError: crashes may happen here, and there is no such point.
    """
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return
    if point not in POINTS:
        raise ValueError(f"no crash point {point!r}")
    if which and Path(folder, f"{point}.{which}").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    if _disarm(Path(folder, point)):
        os.kill(os.getpid(), signal.SIGKILL)
    if _disarm(Path(folder, f"{point}.hang")):
        _hang()


def _disarm(file: Path) -> bool:
    """Remove the file, which decides which of several processes it is meant for; say whether it was there."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True


def _hang() -> None:
    """Never return, whatever a signal's handler raises: as a driver does that waits for its device."""
    while True:
        with suppress(BaseException):
            time.sleep(3600)
