"""Which columns of a file are read, and as what; all others are never decoded."""

from dataclasses import dataclass

import pyarrow as pa
from pyarrow.parquet import ParquetFile

from services.gateway.upload.parquet.lines import Asked
from services.gateway.upload.parquet.refused import FileRefused
from services.gateway.upload.parquet.values import Convert, attribute, image, text

_IMAGE_LEAVES = ("bytes", "path")


@dataclass(frozen=True, slots=True)
class Column:
    """A top-level column, the leaves of it that are read, and what becomes of its values."""

    name: str
    leaves: tuple[str, ...]
    convert: Convert


def _uuids(file: ParquetFile) -> set[str]:
    leaves = (file.schema.column(number) for number in range(file.metadata.num_columns))
    return {leaf.path for leaf in leaves if leaf.logical_type.type == "UUID"}


def _read_as(field: pa.Field, asked: Asked, *, is_uuid: bool) -> Convert | None:
    """Return how a column's values are read; None if it is left out.

    Raises:
        FileRefused: it was named for something that it cannot be.
    """
    if pa.types.is_null(field.type):
        return None
    if field.name == asked.image:
        convert = image(field.type, asked.max_row_bytes, asked.max_image_bytes)
        wanted = "text, bytes, or a struct of bytes and path"
    elif field.name in (asked.id, asked.title):
        convert = text(field.type, is_uuid=is_uuid, max_bytes=asked.max_row_bytes)
        wanted = "text or a number"
    else:
        return attribute(field.type, is_uuid=is_uuid, max_bytes=asked.max_row_bytes)
    if convert is None:
        detail = f"column {field.name!r} has to be {wanted}, not {str(field.type)[:200]}"
        raise FileRefused("parquet_column_type", detail)
    return convert


def _leaves(field: pa.Field) -> tuple[str, ...]:
    if not pa.types.is_struct(field.type):
        return (field.name,)
    return tuple(f"{field.name}.{leaf.name}" for leaf in field.type if leaf.name in _IMAGE_LEAVES)


def columns_of(file: ParquetFile, asked: Asked) -> list[Column]:
    """Return the columns to read.

    Raises:
        FileRefused: the id, the title or the image is of a type that cannot be read as one.
    """
    uuids = _uuids(file)
    found = []
    for field in file.schema_arrow:
        convert = _read_as(field, asked, is_uuid=field.name in uuids)
        if convert is not None:
            found.append(Column(field.name, _leaves(field), convert))
    return found
