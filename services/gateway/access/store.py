"""The API keys in force: those of the file, read again when it changes."""

import logging
import threading
from pathlib import Path

from services.gateway.problems import Problem
from shared.key_file import KeysUnreadable, read_keys
from shared.keys import ApiKey, recognise

log = logging.getLogger(__name__)


class KeyStore:
    """Knows keys by what a client sends; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            KeysUnreadable: it cannot be read, or is none of ours.
        """
        self._path = path
        self._lock = threading.Lock()
        self._stamp = self._look()
        self._keys = self._read()

    def find(self, text: str) -> ApiKey | None:
        """Return the key that `text` is, if it is in force now.

        Raises:
            Problem: the file cannot be read. The keys known so far are not asked: one may be revoked.
        """
        try:
            with self._lock:
                stamp = self._look()
                if stamp != self._stamp:
                    self._keys = self._read()
                    # Last: a file that could not be read is tried again.
                    self._stamp = stamp
                    log.info("API keys read again", extra={"keys": len(self._keys)})
                keys = self._keys
        except KeysUnreadable as error:
            log.error("no API keys", extra={"error": str(error)})  # noqa: TRY400 - the message says it all
            detail = "the API keys cannot be read; the log says why"
            raise Problem(503, "keys_unavailable", detail, headers={"Retry-After": "5"}) from error
        return recognise(keys, text)

    def _look(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError as error:
            raise KeysUnreadable(f"{self._path}: {error.strerror}") from error
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> dict[str, ApiKey]:
        return {key.id: key for key in read_keys(self._path)}
