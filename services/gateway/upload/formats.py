"""Which reader reads a body, by its content type."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO

from services.gateway.problems import Problem
from services.gateway.upload.archive import Archive
from services.gateway.upload.csv_table import read_csv
from services.gateway.upload.images import ImageFiles
from services.gateway.upload.json_array import read_json
from services.gateway.upload.ndjson import read_ndjson
from services.gateway.upload.parquet.lines import Asked
from services.gateway.upload.parquet_table import read_parquet
from services.gateway.upload.refusal import RawRow
from services.gateway.upload.rows import Columns
from shared.errors import SpoolUnavailable

JSON, NDJSON, CSV, ZIP = "application/json", "application/x-ndjson", "text/csv", "application/zip"
PARQUET = "application/vnd.apache.parquet"
_FORMATS = {
    JSON: JSON,
    NDJSON: NDJSON,
    "application/ndjson": NDJSON,
    "application/jsonl": NDJSON,
    CSV: CSV,
    PARQUET: PARQUET,
    "application/parquet": PARQUET,
    "application/x-parquet": PARQUET,
    ZIP: ZIP,
    "application/x-zip-compressed": ZIP,
}
_UTF8 = ("", "utf-8", "utf8", "us-ascii")
# A catalog of photographs hardly shrinks; this leaves room for tables, which do.
_INFLATED_TO_UPLOAD = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What one upload may hold."""

    max_upload_bytes: int
    max_row_bytes: int
    max_image_bytes: int
    max_listings: int

    @property
    def max_inflated_bytes(self) -> int:
        """Return what a compressed upload may hold in all."""
        return self.max_upload_bytes * _INFLATED_TO_UPLOAD


def upload_format(content_type: str, content_encoding: str) -> str:
    """Return the format of a body.

    Raises:
        Problem: it is none of ours.
    """
    name, _, parameters = content_type.partition(";")
    found = _FORMATS.get(name.strip().lower())
    if found is None:
        known = ", ".join((JSON, NDJSON, CSV, PARQUET, ZIP))
        raise Problem(415, "media_type_unsupported", f"Content-Type {name!r} is not one of {known}")
    charset = parameters.lower().partition("charset=")[2].split(";")[0].strip(' "')
    if found == CSV and charset not in _UTF8:
        raise Problem(400, "csv_not_utf8", f"the table is {charset}; save it as UTF-8")
    if content_encoding.lower() not in ("", "identity"):
        raise Problem(415, "content_encoding_unsupported", "send the body without Content-Encoding")
    return found


@contextmanager
def _received(blocks: Iterable[bytes], max_bytes: int) -> Iterator[BinaryIO]:
    """Give a file of the blocks; it has no name, so that it is gone whatever happens.

    Raises:
        SpoolUnavailable: the disk for temporary files did not take it.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closing it may fail again, for the same reason
    try:
        for block in blocks:
            _write(file, block)
            if file.tell() > max_bytes:
                raise Problem(422, "parquet_too_large", f"the Parquet file has more than {max_bytes} bytes")
        yield file
    finally:
        with suppress(OSError):
            file.close()


def _write(file: BinaryIO, block: bytes) -> None:
    try:
        file.write(block)
        # What is left in a buffer would fail when it is read or closed.
        file.flush()
    except OSError as error:
        raise SpoolUnavailable(f"the disk for temporary files is full: {error.strerror}") from error


@contextmanager
def open_table(
    kind: str, blocks: Iterable[bytes], limits: Limits, columns: Columns
) -> Iterator[Iterator[RawRow]]:
    """Give the rows of a table; `kind` is a content type."""
    if kind == CSV:
        yield read_csv(blocks, limits.max_row_bytes, columns)
    elif kind == JSON:
        yield read_json(blocks, limits.max_row_bytes)
    elif kind == PARQUET:
        asked = Asked(
            columns.id, columns.title, columns.image, limits.max_listings,
            limits.max_row_bytes, limits.max_image_bytes, limits.max_inflated_bytes,
        )  # fmt: skip
        with _received(blocks, limits.max_upload_bytes) as file, read_parquet(file, asked, columns) as rows:
            yield rows
    else:
        yield read_ndjson(blocks, limits.max_row_bytes)


def _kind_of_entry(name: str) -> str:
    return {".csv": CSV, ".json": JSON, ".parquet": PARQUET}.get(PurePosixPath(name.lower()).suffix, NDJSON)


@dataclass(frozen=True, slots=True)
class Opened:
    """The rows of an upload, and the images that rows name as files."""

    rows: Iterator[RawRow]
    files: ImageFiles | None = None


@contextmanager
def open_upload(kind: str, blocks: Iterable[bytes], limits: Limits, columns: Columns) -> Iterator[Opened]:
    """Give the upload's rows, read while they are asked for; ZIP and Parquet are received whole first.

    Raises:
        Problem: the upload as a whole cannot be taken.
    """
    if kind != ZIP:
        with open_table(kind, blocks, limits, columns) as rows:
            yield Opened(rows)
        return
    with _received(blocks, limits.max_upload_bytes) as file:
        archive = Archive(file, limits.max_inflated_bytes, limits.max_image_bytes)
        table = archive.table()
        with open_table(_kind_of_entry(table), archive.blocks(table), limits, columns) as rows:
            yield Opened(rows, ImageFiles(partial(archive.find_image, beside=table), archive.image))
