"""NDJSON, JSON and CSV, good and bad."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.problems import Problem
from services.gateway.upload.csv_table import read_csv
from services.gateway.upload.json_array import read_json
from services.gateway.upload.ndjson import read_ndjson
from services.gateway.upload.refusal import RawRow, RowRefused
from services.gateway.upload.rows import Columns


def plain(rows: Iterable[RawRow]) -> list[Any]:
    return [row.code if isinstance(row, RowRefused) else row for row in rows]


def csv_rows(data: bytes, size: int = 1000, **columns: str) -> list[Any]:
    blocks = [data[i : i + size] for i in range(0, len(data), size)]
    return plain(read_csv(blocks, 1000, Columns(**columns)))


def problem(rows: Iterable[RawRow]) -> Problem:
    with pytest.raises(Problem) as caught:
        list(rows)
    return caught.value


def test_ndjson_takes_the_good_lines_and_names_the_bad() -> None:
    data = b'\xef\xbb\xbf{"id":"1"}\r\n\n{"id":\n[1]\n{"a":NaN}\n{"a":"\\ud800"}\n{"a":"\xff"}\n"' + b"x" * 99
    bad = ["row_invalid"] * 6
    assert plain(read_ndjson([data + b'"\n{"id":"2"}'], 90)) == [{"id": "1"}, *bad, {"id": "2"}]


def test_deeply_nested_json_is_a_bad_row() -> None:
    assert plain(read_ndjson([b"[" * 100_000, b'\n{"id":"2"}'], 10**6)) == ["row_invalid", {"id": "2"}]


@pytest.mark.parametrize("wrap", [b"%s", b' {"other": {"a": [1]}, "listings": %s, "more": 2}'])
@given(size=st.integers(1, 40))
def test_json_takes_an_array_or_an_object_with_one(wrap: bytes, size: int) -> None:
    data = wrap % b'[{"id": "1", "price": 1.5, "tags": [1, {"a": 2}]}, 7, {"id": "2"}]'
    rows = plain(read_json([data[i : i + size] for i in range(0, len(data), size)], 1000))
    assert rows == [{"id": "1", "price": 1.5, "tags": [1, {"a": 2}]}, "row_invalid", {"id": "2"}]


@pytest.mark.parametrize(
    "data", [b"", b"  ", b"1", b'"a"', b"hello", b"[1", b'[{"a":}]', b"[1] 2", b'[{"a":"\xff"}]']
)
def test_bad_json_names_the_place(data: bytes) -> None:
    found = problem(read_json([data] if data else [], 1000))
    assert (found.status, found.code) == (400, "json_invalid")
    assert "byte" in found.members


def test_a_number_that_json_readers_do_not_take_is_told_as_one() -> None:
    found = problem(read_json([b'[{"id": "1"}, {"id": 18446744073709551615}]'], 1000))
    assert (found.code, found.members["listing"]) == ("json_invalid", 1)
    assert "quote whole numbers of more than 64 bits" in found.detail


def test_json_says_after_which_listing_it_broke() -> None:
    found = problem(read_json([b'[{"id":"1"},{"id":"2"},{"id" 3}]'], 1000))
    assert found.members["listing"] == 2
    assert "after listing 2" in found.detail


def test_a_json_listing_without_end_is_refused() -> None:
    def endless() -> Iterable[bytes]:
        yield b'[{"a":"'
        while True:
            yield b"x" * 100

    assert problem(read_json(endless(), 1000)).code == "row_too_large"


@given(st.integers(1, 60))
def test_csv_reads_quoted_cells_in_any_blocks(size: int) -> None:
    data = '\ufeffid,title,brand,\r\n1,"Größe ""L"",\nblau",Nara,x\r\n\r\n2,B,,\n'.encode()
    assert csv_rows(data, size) == [
        {"id": "1", "title": 'Größe "L",\nblau', "brand": "Nara"},
        {"id": "2", "title": "B"},
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_separators(separator: str) -> None:
    assert csv_rows(separator.join(["id", "title"]).encode() + b"\n" + separator.join("1A").encode()) == [
        {"id": "1", "title": "A"}
    ]


def test_csv_rows_of_the_wrong_width_are_rejected() -> None:
    assert csv_rows(b"id,title\n1\n2,B\n3,C,D\n") == ["row_invalid", {"id": "2", "title": "B"}, "row_invalid"]


def test_csv_without_id_column_names_what_it_found() -> None:
    found = problem(read_csv([b"sku,name\n1,A\n"], 1000, Columns()))
    assert (found.status, found.code) == (422, "csv_no_id_column")
    assert "sku, name" in found.detail
    assert "id_column" in found.detail
    assert csv_rows(b"sku,name\n1,A\n", id="sku") == [{"sku": "1", "name": "A"}]


def test_csv_without_a_column_that_was_asked_for() -> None:
    assert problem(read_csv([b"id,name\n1,A\n"], 1000, Columns(title="nome"))).code == "csv_no_title_column"


@pytest.mark.parametrize("data", ["id,title\n1,Größe".encode("latin-1"), "id,title\n".encode("utf-16")])
def test_csv_that_is_not_utf8(data: bytes) -> None:
    found = problem(read_csv([data], 1000, Columns()))
    assert (found.status, found.code) == (400, "csv_not_utf8")


def test_csv_with_a_quote_that_does_not_end() -> None:
    data = b'id,title\n1,"open\n' + b"x\n" * 1000
    assert problem(read_csv([data], 1000, Columns())).code == "row_too_large"


def test_an_empty_csv_has_no_rows() -> None:
    assert csv_rows(b"\n\n") == []
    assert csv_rows(b"id,title\n") == []
