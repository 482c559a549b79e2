"""Whatever bytes and values come: readers end in what they promise to raise, and in nothing else."""

import csv
import io
import json
import struct
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.cursors import decode_cursor, encode_cursor
from services.gateway.problems import Problem
from services.gateway.upload.csv_table import read_csv
from services.gateway.upload.ids import SeenIds
from services.gateway.upload.images import ImageReferences
from services.gateway.upload.json_array import read_json
from services.gateway.upload.ndjson import read_ndjson
from services.gateway.upload.receiver import read_row
from services.gateway.upload.refusal import RawRow
from services.gateway.upload.rows import Columns, RowReader
from shared.blocks import ModalityHeader, pack, unpack
from shared.errors import CorruptBlock
from shared.messages import Rejection, Row

some = settings(deadline=None, derandomize=True, max_examples=150)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["id", "title", "image", "image_url", "attributes", "brand", ""]) | st.text(
    max_size=5
)
Reader = Callable[[Iterable[bytes]], Iterable[RawRow]]
READERS: dict[str, Reader] = {
    "csv": lambda blocks: read_csv(blocks, 300, Columns()),
    "ndjson": lambda blocks: read_ndjson(blocks, 300),
    # What counts as one row is told by blocks: a limit would come sooner or later with their size.
    "json": lambda blocks: read_json(blocks, 10_000),
}
STARTS = {
    "csv": [b"id,title\n", b"id;title;image\n", b""],
    "ndjson": [b'{"id":"1"}\n', b""],
    "json": [b"[", b'{"listings":['],
}
PIECES = [
    b'"', b",", b";", b"\n", b"\r", b"\0", b"\\", b"{", b"}", b"[", b"]", b":", b'"id":', b"1", b"-", b"e9",
    b"nul", b"\\ud800", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xe2\x80\xa8", b" ", b"a",
    b'{"id":"7","title":"A"}',
]  # fmt: skip


def stored(_: bytes) -> str:
    return "spool:key"


def rows_of(reader: Reader, blocks: Iterable[bytes]) -> list[Any]:
    """Return what the gateway makes of a body: its rows, and the code of the problem that ended it."""
    found: list[Any] = []
    row_reader = RowReader(Columns(), ImageReferences(stored, 50))
    with SeenIds() as seen:
        try:
            for number, raw in enumerate(reader(blocks), 1):
                row = read_row(number, raw, row_reader, seen)
                assert Row.model_validate_json(row.model_dump_json()) == row
                found.append((row.listing, row.rejection and row.rejection.code))
        except Problem as problem:
            json.dumps([problem.detail, problem.members], ensure_ascii=False).encode()
            found.append(problem.code)
    return found


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
@some
def test_any_table_is_rows_and_rejections_or_a_problem_however_it_is_cut(
    kind: str, data: st.DataObject
) -> None:
    start = data.draw(st.sampled_from(STARTS[kind]))
    piece = st.sampled_from(PIECES) | st.binary(max_size=4)
    body = start + b"".join(data.draw(st.lists(piece, max_size=40)))
    size = data.draw(st.integers(1, 30))
    whole = rows_of(READERS[kind], [body] if body else [])
    parts = rows_of(READERS[kind], [body[i : i + size] for i in range(0, len(body), size)])
    if kind == "json" and whole and isinstance(whole[-1], str):
        # The rows of the block with the error are not given.
        assert parts[-1] == whole[-1]
        assert parts[: len(whole) - 1] == whole[:-1]
    else:
        assert parts == whole


@given(st.dictionaries(NAMES, VALUES, max_size=6))
@some
def test_any_object_is_a_listing_or_a_rejection(raw: dict[str, object]) -> None:
    with SeenIds() as seen:
        row = read_row(1, raw, RowReader(Columns(), ImageReferences(stored, 50)), seen)
    assert (row.listing is None) != (row.rejection is None)
    assert Row.model_validate_json(row.model_dump_json()) == row


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), min_size=2, max_size=2), max_size=5)
)
@some
def test_what_a_spreadsheet_writes_is_read(cells: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["id", "title"], *cells])
    found = list(read_csv([out.getvalue().encode()], 10_000, Columns()))
    expected = [
        {name: cell for name, cell in zip(("id", "title"), row, strict=True) if cell} for row in cells
    ]
    assert found == expected


def position_of(cursor: str) -> tuple[int, str] | None:
    """Return what a cursor holds, None if it is refused as it should be."""
    try:
        return decode_cursor(cursor)
    except Problem as problem:
        if (problem.status, problem.code) != (400, "cursor_invalid"):
            raise
        return None


@given(
    st.text(max_size=30)
    | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.", max_size=40)
)
@some
def test_any_cursor_is_refused_or_is_one_of_ours(text: str) -> None:
    position = position_of(text)
    assert position is None or decode_cursor(encode_cursor(*position)) == position


@given(st.from_regex(r"\A[0-9]{1,15}\.[0-9A-Za-z]{1,40}\Z"), st.data())
@some
def test_a_damaged_cursor_is_refused_or_is_another(text: str, data: st.DataObject) -> None:
    first, _, second = text.partition(".")
    cursor = encode_cursor(int(first), second)
    assert decode_cursor(cursor) == (int(first), second)
    at = data.draw(st.integers(0, len(cursor) - 1))
    damaged = cursor[:at] + data.draw(st.characters()) + cursor[at + data.draw(st.integers(0, 1)) :]
    position = position_of(damaged)
    assert position is None or position[1].isalnum()


BLOCK = pack(
    [(ModalityHeader(modality="image", model="m", dim=2, rows=(1, 2)), bytes(8))],
    (Rejection(row=3, listing_id="c", code="image_broken", detail="no"),),
)
HEADER = json.loads(BLOCK[8 : 8 + struct.unpack_from("<I", BLOCK, 4)[0]])


@given(
    st.lists(st.tuples(st.integers(0, len(BLOCK) - 1), st.binary(max_size=3), st.integers(0, 9)), max_size=4)
)
@some
def test_a_damaged_block_is_read_or_corrupt(damage: list[tuple[int, bytes, int]]) -> None:
    block = BLOCK
    for at, inserted, deleted in damage:
        block = block[:at] + inserted + block[at + deleted :]
    try:
        header, parts = unpack(block)
    except CorruptBlock:
        return
    assert [len(part) for part in parts] == [2 * len(m.rows) * m.dim for m in header.modalities]


@given(st.sampled_from(["modalities", "rejections", "crc32", "dim", "rows", "model", "other"]), VALUES)
@some
def test_a_block_with_another_header_is_read_or_corrupt(name: str, value: object) -> None:
    header = json.loads(json.dumps(HEADER))
    inner = name in ("dim", "rows", "model")
    (header["modalities"][0] if inner else header)[name] = value
    try:
        encoded = json.dumps(header).encode()
    except ValueError:
        # An integer with more digits than Python writes.
        return
    try:
        read, parts = unpack(b"DPL1" + struct.pack("<I", len(encoded)) + encoded + bytes(8))
    except CorruptBlock:
        return
    assert [len(part) for part in parts] == [2 * len(m.rows) * m.dim for m in read.modalities]
