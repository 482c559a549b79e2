"""Result pages, cursors, forms and tables."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.cursors import decode_cursor, encode_cursor
from services.gateway.prefer import wait_seconds
from services.gateway.problems import Problem
from services.gateway.results.accept import accepted_form
from services.gateway.results.pages import Pages, PairFilter
from services.gateway.results.tables import as_csv, safe_cell
from shared.errors import ExpiredJob
from shared.messages import Group, GroupMember, Pair, Rejection
from shared.spool import Spool, page_key
from workers.index.pages import MAX_PAGE_BYTES, write_pages

JOB = "01JD0000000000000000000000"


def pair(number: int, total: int) -> Pair:
    verdict = "duplicate" if number % 3 == 0 else "variant"
    return Pair(a=f"a{number}", b="b", verdict=verdict, probability=round(1 - number / total, 6))


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """25 pages of 4 pairs."""
    spool = Spool.connect(str(tmp_path))
    for page in range(25):
        lines = [pair(page * 4 + i, 100).model_dump_json().encode() + b"\n" for i in range(4)]
        spool.put(page_key(JOB, "pairs", page), b"".join(lines))
    summary = {"pages": {"pairs": 25, "groups": 0, "rejections": 0}, "page_rows": 4}
    spool.put(f"jobs/{JOB}/results/summary.json", json.dumps(summary).encode())
    return Pages(spool)


def walk(pages: Pages, limit: int, wanted: PairFilter) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    for _ in range(200):
        page = pages.read(JOB, "pairs", cursor, limit, wanted)
        assert len(page.lines) <= limit
        found += [json.loads(line)["a"] for line in page.lines]
        cursor = page.next
        if cursor is None:
            return found
    pytest.fail("the cursor does not come to an end")


@pytest.mark.parametrize("limit", [1, 3, 4, 7, 40, 99, 100, 1000])
def test_pages_come_to_all_results_once(pages: Pages, limit: int) -> None:
    assert walk(pages, limit, PairFilter()) == [f"a{i}" for i in range(100)]


@pytest.mark.parametrize("limit", [1, 4, 5, 1000])
def test_filters(pages: Pages, limit: int) -> None:
    assert walk(pages, limit, PairFilter("duplicate")) == [f"a{i}" for i in range(0, 100, 3)]
    assert walk(pages, limit, PairFilter(min_probability=0.9)) == [f"a{i}" for i in range(11)]
    assert walk(pages, limit, PairFilter(max_probability=0.05)) == [f"a{i}" for i in range(95, 100)]
    assert walk(pages, limit, PairFilter("different")) == []


def test_a_filter_reads_a_bounded_number_of_pages(pages: Pages) -> None:
    page = pages.read(JOB, "pairs", None, 10, PairFilter(max_probability=0.0))
    assert page.lines == []
    assert page.next is not None


def test_an_answer_of_large_groups_is_short_and_goes_on(tmp_path: Path) -> None:
    spool = Spool.connect(str(tmp_path))
    groups = [json.dumps({"id": str(number), "members": ["x" * 1_000_000]}) for number in range(30)]
    pages = write_pages(spool, JOB, "groups", groups, 1000)
    assert (
        max(len(spool.get(page_key(JOB, "groups", page)) or b"") for page in range(pages)) <= MAX_PAGE_BYTES
    )
    summary = {"pages": {"pairs": 0, "groups": pages, "rejections": 0}}
    spool.put(f"jobs/{JOB}/results/summary.json", json.dumps(summary).encode())
    found, cursor, answers = [], None, 0
    while answers == 0 or cursor:
        answer = Pages(spool).read(JOB, "groups", cursor, 1000, PairFilter())
        assert sum(map(len, answer.lines)) <= 8 * 1024**2 + MAX_PAGE_BYTES
        found += [json.loads(line)["id"] for line in answer.lines]
        cursor, answers = answer.next, answers + 1
    assert found == [str(number) for number in range(30)]
    assert answers > 2


def test_a_line_longer_than_a_page_has_one_of_its_own(tmp_path: Path) -> None:
    spool = Spool.connect(str(tmp_path))
    assert write_pages(spool, JOB, "groups", ["1", "2" * MAX_PAGE_BYTES, "3"], 1000) == 3
    assert write_pages(spool, JOB, "pairs", ["1", "2", "3"], 2) == 2
    assert write_pages(spool, JOB, "rejections", [], 2) == 0
    assert spool.get(page_key(JOB, "pairs", 0)) == b"1\n2\n"


def test_an_empty_kind_and_missing_results(pages: Pages) -> None:
    assert pages.read(JOB, "groups", None, 10, PairFilter()).next is None
    with pytest.raises(ExpiredJob):
        pages.read("01JD0000000000000000000001", "groups", None, 10, PairFilter())


@given(st.integers(0, 10**14), st.one_of(st.integers(0, 10**6), st.just(JOB)))
def test_cursors_come_back(first: int, second: int | str) -> None:
    assert decode_cursor(encode_cursor(first, second)) == (first, str(second))


@pytest.mark.parametrize("text", ["", "x", "!!!!", "MTIz", "LTEuMg", "é", "eyJhIjoxfQ", "MS4uLw"])
def test_any_other_cursor_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(text)
    assert (caught.value.status, caught.value.code) == (400, "cursor_invalid")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("application/json;q=x, text/csv;q=0.1", "text/csv"),
    ],
)
def test_accept(accept: str | None, form: str) -> None:
    assert accepted_form(accept) == form


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*"])
def test_nothing_acceptable(accept: str) -> None:
    with pytest.raises(Problem) as caught:
        accepted_form(accept)
    assert caught.value.status == 406


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("\ta", "'\ta"), ("\ra", "'\ra"),
        ("  =1", "'  =1"), ("\u00a0=1", "'\u00a0=1"), ("a\n=1", "'a\n=1"), ("＝1", "'＝1"),
        ("a=1", "a=1"), ("", ""), (-0.5, -0.5), (True, "true"), (None, ""),
    ],
)  # fmt: skip
def test_cells_are_safe_in_a_spreadsheet(value: object, cell: object) -> None:
    assert safe_cell(value) == cell


def table(kind: Any, message: Pair | Group | Rejection) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(kind, [message.model_dump_json().encode()]))))


def test_tables() -> None:
    members = (GroupMember(id="=a", probability=0.9), GroupMember(id="b", probability=0.8))
    rows = table("groups", Group(id="g", canonical="b", size=2, members=members))
    assert [(row["group"], row["listing"], row["probability"]) for row in rows] == [
        ("g", "'=a", "0.9"), ("g", "b", "0.8"),
    ]  # fmt: skip
    assert {(row["review"], row["review_reason"]) for row in rows} == {("false", "")}
    doubtful = Group(id="g", canonical="b", size=2, members=members, review=True, review_reason="weak_link")
    assert table("groups", doubtful)[0]["review_reason"] == "weak_link"
    conflicts = [{"kind": "size", "a": "1 l", "b": "2 l"}]
    found = Pair.model_validate({**pair(1, 9).model_dump(), "conflicts": conflicts, "image_sim": -0.1})
    assert table("pairs", found)[0]["conflicts"] == "size: 1 l / 2 l"
    assert table("pairs", found)[0]["image_sim"] == "-0.1"
    assert table("rejections", Rejection(row=3, code="x", detail="y"))[0]["row"] == "3"


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, 0), ("", 0), ("wait=5", 5), ("respond-async, wait=100", 30), ("wait = 2", 2),
        ("wait=x", 0), ("await=3", 0),
    ],
)  # fmt: skip
def test_prefer(prefer: str | None, seconds: float) -> None:
    assert wait_seconds(prefer, 30) == seconds
