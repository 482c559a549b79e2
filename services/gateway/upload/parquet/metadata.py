"""Checks what a Parquet file says of itself before anything of it is decoded."""

from pyarrow.parquet import FileMetaData

from services.gateway.upload.parquet.lines import Asked
from services.gateway.upload.parquet.refused import FileRefused

MAX_COLUMNS = 1000
MAX_ROW_GROUPS = 10_000
MAX_NAME_CHARACTERS = 200
MAX_RATIO = 100
# Below this a high ratio is a short table, not a bomb.
_SMALL_BYTES = 1024**2


def _check_sizes(metadata: FileMetaData, file_bytes: int, max_total_bytes: int) -> None:
    """Add up what the chunks of columns claim to have: several may share their bytes, or inflate."""
    stored = inflated = rows = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        rows += group.num_rows
        chunks = [group.column(column) for column in range(group.num_columns)]
        sizes = [(chunk.total_compressed_size, chunk.total_uncompressed_size) for chunk in chunks]
        if group.num_rows < 0 or min(map(min, sizes), default=0) < 0:
            raise FileRefused("parquet_invalid", f"row group {number} has a negative size")
        stored += sum(size for size, _ in sizes)
        inflated += sum(size for _, size in sizes)
    if rows != metadata.num_rows:
        detail = f"the file says it has {metadata.num_rows} rows, its row groups have {rows}"
        raise FileRefused("parquet_invalid", detail)
    if stored > file_bytes:
        raise FileRefused("parquet_invalid", "the columns claim more bytes than the file has")
    if inflated > max_total_bytes or (inflated > _SMALL_BYTES and inflated > MAX_RATIO * file_bytes):
        raise FileRefused("parquet_too_large", f"the file inflates to {inflated} bytes; send it in parts")


def check_metadata(metadata: FileMetaData, names: list[str], file_bytes: int, asked: Asked) -> None:
    """Return if the file is of a size that can be read; `names` are those of its top-level columns.

    Raises:
        FileRefused: it is too large in some way, or contradicts itself.
    """
    if metadata.num_columns > MAX_COLUMNS:
        detail = f"the file has {metadata.num_columns} columns; {MAX_COLUMNS} are read at most"
        raise FileRefused("parquet_too_large", detail)
    if metadata.num_row_groups > MAX_ROW_GROUPS:
        detail = f"the file has {metadata.num_row_groups} row groups; {MAX_ROW_GROUPS} are read at most"
        raise FileRefused("parquet_too_large", f"{detail}. Write it with more rows in each")
    if metadata.num_rows > asked.max_listings:
        raise FileRefused("too_many_listings", f"a submission may have {asked.max_listings} listings")
    if len(set(names)) != len(names):
        raise FileRefused("parquet_invalid", "two columns have the same name")
    if any(len(name) > MAX_NAME_CHARACTERS for name in names):
        raise FileRefused("parquet_invalid", f"a column's name is over {MAX_NAME_CHARACTERS} characters")
    if metadata.num_columns:
        _check_sizes(metadata, file_bytes, asked.max_total_bytes)
