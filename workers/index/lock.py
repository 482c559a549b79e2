"""Makes sure that one process alone owns the catalogs."""

import fcntl
import os
from pathlib import Path

from shared.errors import DoppelError


class AlreadyOwned(DoppelError):
    """Another process owns the folder."""

    code = "catalogs_locked"


class FolderLock:
    """An exclusive `flock` on a file in the folder; the kernel frees it when the process ends, however."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            AlreadyOwned: another process has it.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyOwned(
                f"another index worker (process {owner}) owns {self._path.parent}; "
                "only one may run on a folder of catalogs"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
