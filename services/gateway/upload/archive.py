"""Reads a ZIP with one table and images, entry by entry; nothing is ever extracted to a path."""

import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from services.gateway.problems import Problem
from services.gateway.upload.central_directory import central_directory_bytes
from services.gateway.upload.refusal import RowRefused

MAX_ENTRIES = 200_000
MAX_DIRECTORY_BYTES = 64 * 1024**2
MAX_RATIO = 100
# Below this a high ratio is a plain picture or a short table, not a bomb.
_SMALL_BYTES = 1024**2
_BLOCK_BYTES = 65_536
_TABLES = (".csv", ".ndjson", ".jsonl", ".parquet", ".json")
_ARCHIVES = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".jar")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
# ValueError: an offset that no file can have, a name that is no UTF-8.
_READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, OverflowError)


def _unsafe(entry: zipfile.ZipInfo) -> str | None:
    """Return why an entry is refused, or None."""
    # orig_filename: zipfile itself cuts a name at a NUL.
    name = entry.orig_filename
    if name.startswith(("/", "\\")) or "\\" in name or "\0" in name or name[1:2] == ":":
        return "its name is not a relative path"
    if ".." in PurePosixPath(name).parts:
        return "its name leaves the archive"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "it is a symbolic link"
    if entry.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if entry.compress_type not in _METHODS:
        return "its compression is neither stored nor deflated"
    if name.lower().endswith(_ARCHIVES):
        return "it is an archive itself"
    return None


def _is_junk(name: str) -> bool:
    """Say whether an operating system left the entry behind."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in (".DS_Store", "Thumbs.db")


def _same(name: str) -> str:
    """Return the form under which names are compared: systems differ in how they compose letters."""
    return unicodedata.normalize("NFC", name.removeprefix("./"))


def _inflates(size: int, compressed: int) -> bool:
    return size > _SMALL_BYTES and size > MAX_RATIO * max(compressed, 1)


class Archive:
    """An opened archive whose entries are all safe to read."""

    def __init__(self, file: BinaryIO, max_total_bytes: int, max_image_bytes: int) -> None:
        """Check the whole table of entries.

        Raises:
            Problem: `zip_invalid`, `zip_unsafe_entry`, `zip_bomb`, `zip_too_many_entries`.
        """
        self._max_image_bytes = max_image_bytes
        try:
            if central_directory_bytes(file) > MAX_DIRECTORY_BYTES:
                raise Problem(422, "zip_too_many_entries", f"the ZIP has more than {MAX_ENTRIES} entries")
            self._zip = zipfile.ZipFile(file)
        except _READ_ERRORS as error:
            raise Problem(400, "zip_invalid", f"the body is not a readable ZIP: {error}") from error
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        self._check(entries, file.seek(0, 2), max_total_bytes)
        self._entries = {_same(entry.filename): entry for entry in entries if not _is_junk(entry.filename)}

    def _check(self, entries: list[zipfile.ZipInfo], archive_bytes: int, max_total_bytes: int) -> None:
        if len(entries) > MAX_ENTRIES:
            raise Problem(422, "zip_too_many_entries", f"the ZIP has more than {MAX_ENTRIES} entries")
        if len({entry.filename for entry in entries}) != len(entries):
            raise Problem(400, "zip_invalid", "two entries of the ZIP have the same name")
        for entry in entries:
            if reason := _unsafe(entry):
                detail = f"entry {entry.filename[:200]!r} is refused: {reason}"
                raise Problem(422, "zip_unsafe_entry", detail, entry=entry.filename[:200])
            if _inflates(entry.file_size, entry.compress_size):
                detail = f"entry {entry.filename[:200]!r} inflates more than {MAX_RATIO} times"
                raise Problem(422, "zip_bomb", detail, entry=entry.filename[:200])
        total = sum(entry.file_size for entry in entries)
        # Entries that share their bytes add up to more than the archive holds.
        if sum(entry.compress_size for entry in entries) > archive_bytes:
            raise Problem(422, "zip_bomb", "entries of the ZIP overlap")
        if total > max_total_bytes or _inflates(total, archive_bytes):
            raise Problem(422, "zip_bomb", f"the ZIP inflates to {total} bytes")

    def table(self) -> str:
        """Return the name of the one table.

        Raises:
            Problem: there is none (`zip_no_table`), or several (`zip_many_tables`).
        """
        tables = [name for name in self._entries if name.lower().endswith(_TABLES)]
        # JSON beside a table of rows is a description of it.
        tables = [name for name in tables if not name.lower().endswith(".json")] or tables
        if not tables:
            raise Problem(422, "zip_no_table", "the ZIP has no .csv, .ndjson, .parquet or .json table")
        if len(tables) > 1:
            names = ", ".join(sorted(tables)[:5])
            raise Problem(422, "zip_many_tables", f"the ZIP has {len(tables)} tables: {names}")
        return tables[0]

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of an entry.

        Raises:
            Problem: the entry is damaged, or holds more than it declares.
        """
        entry = self._entries[name]
        read = 0
        try:
            with self._zip.open(entry) as file:
                while block := file.read(_BLOCK_BYTES):
                    read += len(block)
                    if read > entry.file_size:
                        raise Problem(422, "zip_bomb", f"entry {name!r} is larger than it declares")
                    yield block
        except _READ_ERRORS as error:
            raise Problem(400, "zip_invalid", f"entry {name!r} is damaged: {error}") from error

    def find_image(self, name: str, beside: str = "") -> str:
        """Return the entry of an image that a row names, from the root or from the folder of `beside`.

        Raises:
            RowRefused: it is not there, is empty, or too large.
        """
        wanted = _same(name.replace("\\", "/"))
        local = _same(str(PurePosixPath(beside).parent / wanted))
        found = wanted if wanted in self._entries else local
        entry = self._entries.get(found)
        if entry is None:
            raise RowRefused("image_missing", f"the ZIP has no entry {name[:200]!r}")
        if entry.file_size == 0:
            raise RowRefused("image_empty", f"entry {name[:200]!r} has no bytes")
        if entry.file_size > self._max_image_bytes:
            raise RowRefused("image_too_many_bytes", f"the image has more than {self._max_image_bytes} bytes")
        return found

    def image(self, entry: str) -> bytes:
        """Return the bytes of an image that was found.

        Raises:
            RowRefused: it is damaged.
        """
        try:
            return b"".join(self.blocks(entry))
        except Problem as error:
            raise RowRefused("image_broken", error.detail) from error
