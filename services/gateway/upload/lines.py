"""Splits a stream of blocks into lines of bounded length."""

from collections.abc import Iterable, Iterator

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def without_byte_order_mark(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the blocks, less a UTF-8 byte order mark at the start."""
    head = b""
    rest = iter(blocks)
    for block in rest:
        head += block
        if len(head) >= len(BYTE_ORDER_MARK):
            break
    yield head.removeprefix(BYTE_ORDER_MARK)
    yield from rest


def split_lines(blocks: Iterable[bytes], max_bytes: int) -> Iterator[bytes | None]:
    """Yield each line without its newline; None for one of over `max_bytes`, never held whole."""
    pieces: list[bytes] = []
    size = 0
    for block in blocks:
        first, newline, rest = block.partition(b"\n")
        size += len(first)
        if size <= max_bytes:
            pieces.append(first)
        if not newline:
            continue
        yield b"".join(pieces) if size <= max_bytes else None
        *whole, last = rest.split(b"\n")
        for line in whole:
            yield line if len(line) <= max_bytes else None
        pieces, size = [last], len(last)
        if size > max_bytes:
            pieces = []
    if size:
        yield b"".join(pieces) if size <= max_bytes else None
