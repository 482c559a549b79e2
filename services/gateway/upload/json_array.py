"""Reads a JSON array of listings, or an object that holds one under `listings`, as a stream."""

from collections.abc import Iterable, Iterator

import ijson

from services.gateway.problems import Problem
from services.gateway.upload.json_depth import Depth
from services.gateway.upload.lines import without_byte_order_mark
from services.gateway.upload.refusal import RawRow, RowRefused

_LONG_ROW_BYTES = 1024**2
_EXPECTED = 'expected a JSON array, or {"listings": [...]}'


class _Blocks:
    """The file that ijson reads; refuses a row that does not end."""

    def __init__(self, head: bytes, rest: Iterator[bytes], max_row_bytes: int) -> None:
        self._head = head
        self._rest = rest
        self._max_row_bytes = max_row_bytes
        self._row_bytes = 0
        self._depth = Depth()
        self.position = 0

    def read(self, size: int) -> bytes:
        """Return the next block whatever its size; ijson asks for 0 bytes to learn their type."""
        if size == 0:
            return b""
        block, self._head = self._head or self._next(), b""
        self.position += len(block)
        # A block may end one row and start many: only a row over several blocks adds up.
        if self._row_bytes > self._max_row_bytes:
            raise Problem(413, "row_too_large", f"a listing has more than {self._max_row_bytes} bytes")
        self._row_bytes += len(block)
        self._depth.add(block)
        return block

    def _next(self) -> bytes:
        """Return a block that grows with its row: yajl reads a string anew with every block."""
        block = next(self._rest, b"")
        if self._row_bytes < _LONG_ROW_BYTES:
            return block
        parts, size = [block], len(block)
        while block and size < self._row_bytes // 2:
            block = next(self._rest, b"")
            parts.append(block)
            size += len(block)
        return b"".join(parts)

    def row_ended(self) -> None:
        self._row_bytes = 0


def _opening(blocks: Iterator[bytes]) -> bytes:
    """Return the first block that says something, without leading space."""
    for block in blocks:
        if text := block.lstrip():
            return text
    return b""


def read_json(blocks: Iterable[bytes], max_row_bytes: int) -> Iterator[RawRow]:
    """Yield the rows.

    Raises:
        Problem: the text is not JSON (`json_invalid`), is nested too deeply, is neither an array nor an
            object, or is an object without listings (`submission_empty`).
    """
    rest = without_byte_order_mark(blocks)
    head = _opening(rest)
    if head[:1] not in (b"[", b"{"):
        raise Problem(400, "json_invalid", f"{_EXPECTED}, at byte 0", byte=0)
    file = _Blocks(head, rest, max_row_bytes)
    prefix = "item" if head[:1] == b"[" else "listings.item"
    count = 0
    try:
        for item in ijson.items(file, prefix, use_float=True, buf_size=65536):
            count += 1
            file.row_ended()
            yield item if isinstance(item, dict) else RowRefused("row_invalid", "not a JSON object")
    # The parser says the second of text that is no Unicode, as half of a pair of surrogates is none.
    except (ijson.JSONError, UnicodeDecodeError) as error:
        said = error.args[0] if isinstance(error, ijson.JSONError) else error.reason
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        summary = " ".join(text.split("(right here)")[0].split())
        if "integer overflow" in summary:
            summary += ": quote whole numbers of more than 64 bits, or send NDJSON"
        where = f"after listing {count}, in the block that ends at byte {file.position}"
        detail = f"the body is not valid JSON {where}: {summary}"
        raise Problem(400, "json_invalid", detail, listing=count, byte=file.position) from error
    if not count and head[:1] == b"{":
        raise Problem(422, "submission_empty", f"the body holds no listings: {_EXPECTED}")
