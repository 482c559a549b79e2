"""The rows of a Parquet file, some at a time."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import pyarrow as pa
from pyarrow.parquet import FileMetaData, ParquetFile

from services.gateway.upload.parquet.columns import Column, columns_of
from services.gateway.upload.parquet.lines import BAD_ROW, COLUMNS, ROW, Asked
from services.gateway.upload.parquet.metadata import check_metadata
from services.gateway.upload.parquet.refused import FileRefused

# Each column that is read buffers so much of the file.
_BUFFER_BYTES = 65_536
_MAX_DEPTH = 32
_BATCH_BYTES = 4 * 1024**2
_MAX_BATCH_ROWS = 1000


def _batch_rows(metadata: FileMetaData, group: int) -> int:
    """Return how many rows of a group to decode at once, as they are on the average."""
    row_group = metadata.row_group(group)
    inflated = sum(row_group.column(n).total_uncompressed_size for n in range(row_group.num_columns))
    row_bytes = inflated // max(1, row_group.num_rows) + 1
    return int(max(1, min(_MAX_BATCH_ROWS, _BATCH_BYTES // row_bytes)))


def _line(values: list[tuple[Column, pa.Scalar]], max_row_bytes: int) -> bytes:
    row: dict[str, object] = {}
    try:
        for column, value in values:
            what = column.name
            if value.is_valid and (converted := column.convert(value)) is not None:
                row[column.name] = converted
        line = json.dumps(row, ensure_ascii=False, allow_nan=False).encode()
        if len(line) > max_row_bytes:
            return BAD_ROW + json.dumps(f"the row has more than {max_row_bytes} bytes").encode()
    except (ValueError, OverflowError) as error:
        return BAD_ROW + json.dumps(f"column {what!r}: {str(error)[:200]}").encode()
    return ROW + line


class Table:
    """An opened file that was found to be of a size that can be read."""

    def __init__(self, file: BinaryIO, asked: Asked) -> None:
        """Read the file's description of itself, and check it.

        Raises:
            FileRefused: it cannot be read.
            pyarrow.ArrowException, OSError, MemoryError: it is damaged, or too large to be looked at.
        """
        self._asked = asked
        self._file = ParquetFile(
            file,
            pre_buffer=False,
            buffer_size=_BUFFER_BYTES,
            schema_depth_limit=_MAX_DEPTH,
            page_checksum_verification=True,
            arrow_extensions_enabled=False,
            coerce_int96_timestamp_unit="us",
        )
        self._names = list(self._file.schema_arrow.names)
        check_metadata(self._file.metadata, self._names, file.seek(0, 2), asked)

    def lines(self) -> Iterator[bytes]:
        """Yield what there is to say of the file, in order, without the end.

        Raises:
            FileRefused, pyarrow.ArrowException, OSError, MemoryError: as above.
        """
        yield COLUMNS + json.dumps(self._names).encode()
        columns = columns_of(self._file, self._asked)
        for group in range(self._file.metadata.num_row_groups):
            yield from self._group(group, columns)

    def _group(self, group: int, columns: list[Column]) -> Iterator[bytes]:
        at_once = _batch_rows(self._file.metadata, group)
        done = 0
        try:
            for line in self._rows(group, columns, at_once):
                yield line
                done += 1
        except MemoryError:
            # Rows may be far from the average, or a dictionary may hold what many of them repeat.
            if at_once == 1:
                raise
            yield from islice(self._rows(group, columns, 1), done, None)

    def _rows(self, group: int, columns: list[Column], at_once: int) -> Iterator[bytes]:
        leaves = [leaf for column in columns for leaf in column.leaves]
        rows = 0
        for batch in self._file.iter_batches(at_once, [group], columns=leaves, use_threads=False):
            found = [(column, batch.column(column.name)) for column in columns]
            for row in range(batch.num_rows):
                yield _line([(column, values[row]) for column, values in found], self._asked.max_row_bytes)
            rows += batch.num_rows
        promised = self._file.metadata.row_group(group).num_rows
        if rows != promised:
            raise FileRefused("parquet_invalid", f"row group {group} has {rows} rows, not {promised}")
