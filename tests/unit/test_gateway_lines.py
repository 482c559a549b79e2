"""Lines of a stream, however its blocks fall."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.upload.lines import split_lines, without_byte_order_mark


def blocks_of(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


@given(st.lists(st.binary(max_size=8).map(lambda b: b.replace(b"\n", b"")), max_size=8), st.integers(1, 9))
def test_lines_do_not_depend_on_blocks(lines: list[bytes], size: int) -> None:
    data = b"".join(line + b"\n" for line in lines)
    assert list(split_lines(blocks_of(data, size), 100)) == lines


def test_a_last_line_needs_no_newline() -> None:
    assert list(split_lines([b"a\nb"], 10)) == [b"a", b"b"]


@given(st.integers(1, 30))
def test_a_long_line_is_dropped_and_its_neighbours_are_kept(size: int) -> None:
    data = b"a\n" + b"x" * 25 + b"\nb\n" + b"y" * 11
    assert list(split_lines(blocks_of(data, size), 10)) == [b"a", None, b"b", None]


@given(st.integers(1, 9))
def test_a_byte_order_mark_is_skipped_in_any_blocks(size: int) -> None:
    assert b"".join(without_byte_order_mark(blocks_of(b"\xef\xbb\xbf[1]", size))) == b"[1]"
    assert b"".join(without_byte_order_mark(blocks_of(b"{}", size))) == b"{}"
