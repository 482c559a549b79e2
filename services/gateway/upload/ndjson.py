"""Reads NDJSON: one JSON object per line."""

from collections.abc import Iterable, Iterator

from pydantic_core import from_json

from services.gateway.upload.lines import split_lines, without_byte_order_mark
from services.gateway.upload.refusal import RawRow, RowRefused


def read_ndjson(blocks: Iterable[bytes], max_row_bytes: int) -> Iterator[RawRow]:
    """Yield the row of each line that is not blank; a bad line is a refused row."""
    for line in split_lines(without_byte_order_mark(blocks), max_row_bytes):
        if line is None:
            yield RowRefused("row_invalid", f"the row has more than {max_row_bytes} bytes")
            continue
        if not line or line.isspace():
            continue
        try:
            raw = from_json(line, allow_inf_nan=False)
        except ValueError as error:
            yield RowRefused("row_invalid", f"the line is not JSON: {error}")
            continue
        yield raw if isinstance(raw, dict) else RowRefused("row_invalid", "the line is not a JSON object")
