"""NDJSON, JSON and CSV, good and bad."""

import csv
import io
from collections.abc import Iterable
from typing import Any, Literal

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


@pytest.mark.parametrize(
    "data", [b"{}", b'{"id":"1","title":"x"}', b'{"items":[{"id":"1"}]}', b'{"listings":{"id":"1"}}']
)
def test_a_json_object_without_listings_says_what_was_expected(data: bytes) -> None:
    found = problem(read_json([data], 1000))
    assert (found.status, found.code) == (422, "submission_empty")
    assert 'expected a JSON array, or {"listings": [...]}' in found.detail


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
    assert csv_rows(b"sku,title\n1,A\n", id="sku") == [{"sku": "1", "title": "A"}]


def test_csv_without_a_column_that_was_asked_for() -> None:
    assert problem(read_csv([b"id,name\n1,A\n"], 1000, Columns(title="nome"))).code == "csv_no_title_column"


def test_csv_with_neither_title_nor_image_names_what_it_found() -> None:
    found = problem(read_csv([b"id,name\n1,A\n"], 1000, Columns()))
    assert (found.status, found.code) == (422, "csv_no_title_column")
    assert "no column 'title' and none 'image'; columns found: id, name." in found.detail
    assert "?title_column=… or ?image_column=…" in found.detail


@pytest.mark.parametrize("column", ["title", "image", "image_url"])
def test_csv_with_a_title_or_an_image_alone(column: str) -> None:
    assert csv_rows(f"id,{column}\n1,A\n".encode()) == [{"id": "1", column: "A"}]


@pytest.mark.parametrize("data", ["id,title\n1,Größe".encode("latin-1"), "id,title\n".encode("utf-16")])
def test_csv_that_is_not_utf8(data: bytes) -> None:
    found = problem(read_csv([data], 1000, Columns()))
    assert (found.status, found.code) == (400, "csv_not_utf8")


def test_csv_with_a_quote_that_does_not_end() -> None:
    data = b'id,title\n1,"open\n' + b"x\n" * 1000
    found = problem(read_csv([data], 1000, Columns()))
    assert found.code == "row_too_large"
    assert found.detail.startswith("lines 2 to ")


SIXTY = [f"{number},Steel bolt M{number}\n" for number in range(1, 61)]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([*SIXTY[:9], '10,"Steel bolt M10\n', *SIXTY[10:]], 11),
        ([*SIXTY[:9], '10,"Steel bolt M10\n', *SIXTY[10:40], '41,"Bolt, long"\n', *SIXTY[41:]], 11),
        (["1,A\n", '2,"two\nlines"\n', '3,"unclosed\n4,d'], 5),
        (['1,"two\nlines","and\n', "2,c\n"], 3),
        (['1,"A"B,"C\n', '2,D"\n'], 2),
        (["1,A\n", '2,"cut'], 3),
    ],
)
def test_csv_with_a_stray_quote_is_refused_and_says_in_which_line(rows: list[str], line: int) -> None:
    found = problem(read_csv([b"id,title\n", "".join(rows).encode()], 1000, Columns()))
    assert (found.status, found.code, found.members["line"]) == (400, "csv_invalid", line)
    assert found.detail.startswith(f"line {line}: the quotation mark that opens a cell")
    assert "close it, or write" in found.detail


def test_csv_with_text_behind_a_quoted_cell_lacks_that_row_alone() -> None:
    data = b'id,title\n1,A\n2,"24" monitor"\n3,"two\nlines"x\n4,"two\nlines"\n'
    first, second, _, _ = rows = [*read_csv([data.replace(b'3,"two\nlines"x', b'3,"x"y')], 1000, Columns())]
    assert first == {"id": "1", "title": "A"}
    assert isinstance(second, RowRefused)
    assert second.detail.startswith("line 3: the quotation mark that opens a cell is closed by one with text")
    assert plain(rows)[1:] == ["row_invalid", "row_invalid", {"id": "4", "title": "two\nlines"}]
    assert problem(read_csv([data], 1000, Columns())).members["line"] == 4


def test_csv_with_text_behind_a_quoted_name_of_a_column() -> None:
    assert problem(read_csv([b'"id"x,title\n1,A\n'], 1000, Columns())).code == "csv_invalid"


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ('24" monitor', '24" monitor'),
        ('monitor 24"', 'monitor 24"'),
        (' "A"', ' "A"'),
        ('"A" ', "A "),
        ('"24"" monitor"', '24" monitor'),
        ('"two\r\n\nlines"\r', "two\r\n\nlines"),
    ],
)
def test_csv_quotes_that_are_taken(cell: str, title: str) -> None:
    data = f"id,title\n1,{cell}\n2,B"
    assert csv_rows(data.encode()) == [{"id": "1", "title": title}, {"id": "2", "title": "B"}]


def test_csv_row_of_many_lines_and_the_wrong_width_says_which() -> None:
    (row,) = read_csv([b'id,title,brand\n1,"A\n2,24"\n'], 1000, Columns())
    assert isinstance(row, RowRefused)
    assert row.detail.startswith("lines 2 to 3: the row has 2 cells")


CELLS = st.text(st.one_of(st.sampled_from("\",;\t\r\n '"), st.characters(exclude_categories=["Cs"])))


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    delimiter=st.sampled_from(",;\t"),
    size=st.integers(1, 60),
)
def test_csv_is_read_as_it_was_written(
    rows: list[tuple[str, str, str]], quoting: Literal[0, 1, 2], delimiter: str, size: int
) -> None:
    file = io.StringIO()
    writer = csv.writer(file, quoting=quoting, delimiter=delimiter)
    header = ("id", "title", "brand")
    writer.writerows([header, *rows])
    written = [{name: cell for name, cell in zip(header, row, strict=True) if cell} for row in rows]
    assert csv_rows(file.getvalue().encode(), size) == written


def test_an_empty_csv_has_no_rows() -> None:
    assert csv_rows(b"\n\n") == []
    assert csv_rows(b"id,title\n") == []
