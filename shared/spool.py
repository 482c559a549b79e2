"""The spool: blob storage for uploads and result pages; a local folder, S3, Azure or GCS by URL.

What a caller put here is durable when `put` returns: on a local folder it is fsynced, as renaming alone
does not survive a power cut.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from shared.errors import SpoolUnavailable

_LISTED_AT_ONCE = 1000


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _outage_as_error(deed: str) -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise SpoolUnavailable(f"the spool did not {deed}: {error}") from error


class Spool:
    """Durable blobs under slash-separated keys."""

    def __init__(self, store: ObjectStore, root: Path | None = None) -> None:
        self._store = store
        self._root = root

    @classmethod
    def connect(cls, url: str) -> "Spool":
        """Open the spool at `url`: a path, `file://…`, or a bucket address that obstore knows."""
        parts = urlsplit(url)
        if parts.scheme in ("", "file"):
            root = Path(parts.path).absolute()
            root.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(root), root)
        return cls(from_url(url))

    def free_bytes(self) -> int | None:
        """Return how much the disk still takes; None for a bucket, which has no end or a quota of its own.

        Raises:
            SpoolUnavailable: the disk did not answer.
        """
        if self._root is None:
            return None
        with _outage_as_error("say how much it takes"):
            disk = os.statvfs(self._root)
        return disk.f_bavail * disk.f_frsize

    def put(self, key: str, data: bytes) -> None:
        """Store `data` durably, replacing what was there.

        Raises:
            SpoolUnavailable: the storage did not take it.
        """
        with _outage_as_error(f"take {key}"):
            obstore.put(self._store, key, data)
            if self._root is not None:
                path = self._root / key
                _fsync(path)
                _fsync(path.parent)

    def get(self, key: str) -> bytes | None:
        """Return the blob, or None if there is none.

        Raises:
            SpoolUnavailable: the storage did not answer.
        """
        with _outage_as_error(f"return {key}"), suppress(FileNotFoundError):
            return bytes(obstore.get(self._store, key).bytes())
        return None

    def get_part(self, key: str, start: int, length: int) -> bytes | None:
        """Return `length` bytes of the blob, or None if there is none; fewer where it ends before.

        Raises:
            SpoolUnavailable: the storage did not answer.
        """
        with _outage_as_error(f"return a part of {key}"), suppress(FileNotFoundError):
            if self._root is None:
                return bytes(obstore.get_range(self._store, key, start=start, length=length))
            # A fifth of the CPU time that obstore takes for it.
            with (self._root / key).open("rb", buffering=0) as file:
                return os.pread(file.fileno(), length, start)
        return None

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below `prefix`, in no particular order.

        Raises:
            SpoolUnavailable: the storage did not answer.
        """
        for batch in self._batches(prefix):
            yield from batch

    def job_ids(self) -> list[str]:
        """Return the ids of the jobs that have anything in the spool.

        Raises:
            SpoolUnavailable: the storage did not answer.
        """
        with _outage_as_error("list its jobs"):
            prefixes = obstore.list_with_delimiter(self._store, "jobs")["common_prefixes"]
        return [prefix.rsplit("/", 1)[-1] for prefix in prefixes]

    def delete(self, keys: Sequence[str]) -> None:
        """Delete the blobs, all of which are there.

        Raises:
            SpoolUnavailable: the storage did not answer.
        """
        if keys:
            with _outage_as_error(f"delete {keys[0]}"):
                obstore.delete(self._store, keys)

    def delete_prefix(self, prefix: str) -> None:
        """Delete every blob below `prefix`, and on a disk the folders with them.

        Raises:
            SpoolUnavailable: the storage did not answer.
        """
        # While they are listed: a job may have millions, and their names alone would fill the memory.
        for batch in self._batches(prefix):
            self.delete(batch)
        if self._root is not None:
            # The folders, and what a process that died in mid-write left behind.
            shutil.rmtree(self._root / prefix, ignore_errors=True)

    def _batches(self, prefix: str) -> Iterator[list[str]]:
        with _outage_as_error(f"list {prefix}"):
            for batch in obstore.list(self._store, prefix, chunk_size=_LISTED_AT_ONCE):
                yield [entry["path"] for entry in batch]


def chunk_key(job_id: str, chunk: int) -> str:
    """Where a chunk's rows are."""
    return f"jobs/{job_id}/chunks/{chunk:06d}.json"


def image_key(job_id: str, name: str) -> str:
    """Where the bytes of images that came with a job are: of one, or of many, one after the other."""
    return f"jobs/{job_id}/images/{name}"


def accepted_key(job_id: str) -> str:
    """Where the record of acceptance is."""
    return f"jobs/{job_id}/accepted.json"


def finished_key(job_id: str) -> str:
    """Where the record of the job's end is."""
    return f"jobs/{job_id}/finished.json"


def page_key(job_id: str, kind: str, page: int) -> str:
    """Where a page of results is; `kind` is pairs, groups or rejections."""
    return f"jobs/{job_id}/results/{kind}/{page:06d}.ndjson"


def summary_key(job_id: str) -> str:
    """Where the number of result pages of each kind is."""
    return f"jobs/{job_id}/results/summary.json"
