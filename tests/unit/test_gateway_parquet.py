"""Parquet as the process reads it that the gateway starts, good and bad."""

import datetime
import decimal
import io
import json
import struct
import subprocess
import sys
import tempfile
import threading
import uuid
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.gateway.problems import Problem
from services.gateway.upload.parquet.lines import Asked
from services.gateway.upload.parquet_footer import check_footer
from services.gateway.upload.parquet_process import Patience
from services.gateway.upload.parquet_table import NotSaidToTheEnd, read_parquet, rows_said
from services.gateway.upload.refusal import RowRefused
from services.gateway.upload.rows import Columns
from tests.malformed.limited import ROOT
from tests.malformed.parquet_files import ELEMENT_TYPE, SCHEMA, edited, parquet, put

_DATA = "data:;base64,"
PATIENT = Patience()


@dataclass(frozen=True)
class AskedMore(Asked):
    """What the reader does not understand."""

    more: int


def asked(columns: Columns | None = None, **limits: int) -> Asked:
    names = asdict(columns or Columns())
    most = {"max_listings": 10**6, "max_row_bytes": 10_000, "max_image_bytes": 100, "max_total_bytes": 10**8}
    return Asked(**names, **(most | limits))


def read(data: bytes, patience: Patience = PATIENT, limits: Asked | None = None, **columns: str) -> list[Any]:
    named = Columns(**columns)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        with read_parquet(file, limits or asked(named), named, patience) as rows:
            return [row.code if isinstance(row, RowRefused) else row for row in rows]


def problem(
    data: bytes, patience: Patience = PATIENT, limits: Asked | None = None, **columns: str
) -> Problem:
    with pytest.raises(Problem) as caught:
        read(data, patience, limits, **columns)
    return caught.value


def reader_of_this_thread() -> str:
    """Return the id of the one process that reads for this thread."""
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    (reader,) = (
        child for child in children if b"upload.parquet" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    return reader


def test_values_have_the_form_that_json_has() -> None:
    moment = datetime.datetime(2026, 3, 1, 12, 30)
    table = pa.table({
        "id": pa.array([7, 8], pa.uint16()),
        "title": pa.array(["Größe", "B"]).dictionary_encode(),
        "price": pa.array([19.99, float("nan")], pa.float32()),
        "weight": pa.array([0.1, None]),
        "gtin": pa.array([2**64 - 1, 0], pa.uint64()),
        "new": [True, None],
        "cost": pa.array([decimal.Decimal("79000.50"), None]),
        "since": [datetime.date(2026, 2, 28), None],
        "seen": pa.array([moment, None], pa.timestamp("ns")),
        "sold": pa.array([moment, None], pa.timestamp("ms", "Asia/Jakarta")),
        "opens": pa.array([datetime.time(8, 30), None], pa.time64("ns")),
        "empty": pa.nulls(2),
        "size.eu": ["42", ""],
    })  # fmt: skip
    assert read(parquet(table)) == [
        {
            "id": 7, "title": "Größe", "price": 19.99, "weight": 0.1, "gtin": 2**64 - 1, "new": True,
            "cost": "79000.50", "since": "2026-02-28", "seen": "2026-03-01T12:30:00",
            "sold": "2026-03-01T12:30:00+00:00", "opens": "08:30:00", "size.eu": "42",
        },
        {"id": 8, "title": "B", "gtin": 0, "size.eu": ""},
    ]  # fmt: skip


def test_uuids_are_text() -> None:
    number = uuid.uuid4()
    ids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([number.bytes], pa.binary(16)))
    assert read(parquet({"id": ids, "title": ids})) == [{"id": str(number), "title": str(number)}]


def test_columns_that_are_no_attributes_are_not_decoded() -> None:
    vectors = [[0.5] * 100, None]
    table = {
        "id": ["1", "2"], "title": ["A", "B"], "vector": vectors, "raw": [b"\xff", b"a"],
        "nested": [{"a": 1}, None],
    }  # fmt: skip
    data = parquet(table, compression="none", use_dictionary=False)
    start = data.index(struct.pack("<d", 0.5) * 90)
    damaged = data[: start - 20] + b"\xff" * 60 + data[start + 40 :]
    assert read(damaged) == [{"id": "1", "title": "A"}, {"id": "2", "title": "B"}]
    with pytest.raises((OSError, pa.ArrowException)):
        pq.read_table(io.BytesIO(damaged))


@pytest.mark.parametrize("group_rows", [1, 3, 100])
def test_images_are_text_bytes_or_both(group_rows: int) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images: list[tuple[Any, list[str | None]]] = [
        (["https://x.example/a.jpg", "a.jpg", None], ["https://x.example/a.jpg", "a.jpg", None]),
        (pa.array([b"abc", b"", None], pa.large_binary()), [_DATA + "YWJj", _DATA, None]),
        ([b"abc", b"x" * 101, b"x" * 99_999], [_DATA + "YWJj", *[_DATA + "eHh4" * 33 + "eHg="] * 2]),
        (
            pa.array([{"bytes": b"abc", "path": "a.jpg"}, {"bytes": None, "path": "b.jpg"}, None], kind),
            [_DATA + "YWJj", "b.jpg", None],
        ),
        (pa.array([{"bytes": b"abc"}, {"bytes": None}, None]), [_DATA + "YWJj", None, None]),
        (pa.array([{"bytes": b"abc", "path": None}, None, None]), [_DATA + "YWJj", None, None]),
        (pa.array([{"bytes": None, "path": "b.jpg"}, None, None]), ["b.jpg", None, None]),
    ]
    for given, expected in images:
        rows = read(parquet({"id": [1, 2, 3], "image": given}, row_group_size=group_rows))
        assert [row.get("image") for row in rows] == expected


def test_columns_are_renamed_and_what_is_missing_is_told() -> None:
    data = parquet({"sku": ["1"], "id": ["other"], "photo": [b"a"]})
    assert read(data, id="sku", image="photo") == [{"sku": "1", "id": "other", "photo": _DATA + "YQ=="}]
    found = problem(parquet({"sku": ["1"], "name": ["A"]}))
    assert (found.status, found.code, found.members["columns"]) == (
        422,
        "parquet_no_id_column",
        ["sku", "name"],
    )
    assert "?id_column=" in found.detail
    assert problem(data, title="nome").code == "parquet_no_title_column"
    assert problem(parquet({"id": ["1"], "name": ["A"]})).code == "parquet_no_title_column"


@pytest.mark.parametrize("column", ["id", "title", "image"])
def test_a_column_of_an_unfit_type_is_told(column: str) -> None:
    found = problem(parquet({"id": ["1"], "title": ["A"], column: [[1]]}))
    assert (found.status, found.code) == (422, "parquet_column_type")
    assert f"column {column!r} has to be text" in found.detail


def test_a_bad_row_harms_no_other() -> None:
    table = {"id": [b"1", b"\xff", b"3", b"4"], "title": ["A", "B", "C" * 9999, "D"], "price": [1.0, 2, 3, 4]}
    assert read(parquet(table)) == [
        {"id": "1", "title": "A", "price": 1.0}, "row_invalid", "row_invalid",
        {"id": "4", "title": "D", "price": 4.0},
    ]  # fmt: skip
    dates = pa.array([0, 2**31 - 1], pa.int32()).cast(pa.date32())
    dated = {"id": [1, 2], "title": ["A", "B"], "date": dates}
    assert read(parquet(dated)) == [{"id": 1, "title": "A", "date": "1970-01-01"}, "row_invalid"]


def test_rows_that_are_far_from_the_average_are_read_one_by_one() -> None:
    # A thousand rows at once would need five gigabytes.
    picture = pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), pa.array([b"x" * 5_000_000]))
    rows = read(parquet(pa.table({"id": list(range(3000)), "image": picture})))
    assert [row["id"] for row in rows] == list(range(3000))


@pytest.mark.parametrize(
    ("limits", "code", "status"),
    [
        ({"max_listings": 2999}, "too_many_listings", 413),
        ({"max_total_bytes": 20_000}, "parquet_too_large", 422),
    ],
)
def test_limits(limits: dict[str, int], code: str, status: int) -> None:
    found = problem(parquet({"id": list(range(3000)), "title": ["A"] * 3000}), limits=asked(**limits))
    assert (found.code, found.status) == (code, status)


def test_a_file_that_repeats_itself_is_given_up_when_it_said_too_much() -> None:
    titles = pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), pa.array(["x" * 9000]))
    table = pa.table({"id": list(range(3000)), "title": titles})
    found = problem(parquet(table), limits=asked(max_total_bytes=1_000_000))
    assert (found.code, found.status) == ("parquet_too_large", 422)
    assert len(read(parquet(table))) == 3000


def test_the_schema_that_arrow_adds_is_not_looked_at() -> None:
    marks = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": "cos\nsystem\n"}
    schema = pa.schema([pa.field("id", pa.string(), metadata=marks), pa.field("title", pa.large_string())])
    data = parquet(pa.table({"id": ["1"], "title": ["A"]}, schema), store_schema=True)
    assert b"ARROW:schema" in data
    file = io.BytesIO(data)
    check_footer(file)
    assert pq.ParquetFile(file).schema_arrow == pa.schema([("id", pa.string()), ("title", pa.string())])
    assert read(data) == [{"id": "1", "title": "A"}]


def test_a_reader_that_is_ended_by_the_file_is_a_problem() -> None:
    data = parquet({"id": ["1"], "title": ["A"]})
    # Says that a text is one of true and false.
    found = problem(edited(data, put(SCHEMA, 2, ELEMENT_TYPE, value=0)))
    assert (found.status, found.code) == (400, "parquet_invalid")
    assert "its reader was ended by it (status -6)" in found.detail
    assert "NDJSON" in found.detail
    assert read(data) == [{"id": "1", "title": "A"}]


def test_a_reader_that_says_nothing_is_given_up() -> None:
    found = problem(parquet({"id": ["1"], "title": ["A"]}), Patience(silent_s=0))
    assert (found.status, found.code) == (400, "parquet_invalid")


def test_four_are_read_at_a_time() -> None:
    data = parquet({"id": list(range(10)), "title": ["A"] * 10})
    with ExitStack() as opened:
        for _ in range(4):
            file = opened.enter_context(tempfile.TemporaryFile())
            file.write(data)
            opened.enter_context(read_parquet(file, asked(), Columns()))
        found = problem(data, Patience(turn_s=0))
        assert (found.status, found.code) == (429, "too_many_uploads")
        assert "Retry-After" in found.headers
    assert len(read(data, Patience(turn_s=0))) == 10


def test_a_reader_ends_with_whoever_reads() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(parquet({"id": list(range(100_000)), "title": ["A"] * 100_000}))
        with read_parquet(file, asked(), Columns()) as rows:
            next(rows)
            child = reader_of_this_thread()
        assert not Path(f"/proc/{child}").exists()


def test_the_reader_has_limits_and_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOPPEL_REDIS_URL", "redis://:secret@127.0.0.1/0")
    with tempfile.TemporaryFile() as file:
        # Its lines are more than a pipe holds: it waits for who reads.
        file.write(parquet({"id": list(range(100_000)), "title": ["A"] * 100_000}))
        with read_parquet(file, asked(), Columns()) as rows:
            next(rows)
            child = reader_of_this_thread()
            limits = Path(f"/proc/{child}/limits").read_text().splitlines()
            environment = Path(f"/proc/{child}/environ").read_bytes()
    soft = {line[:25].strip(): line[25:].split()[0] for line in limits}
    assert int(soft["Max address space"]) <= 1024**3
    assert int(soft["Max cpu time"]) <= 300
    assert (soft["Max core file size"], soft["Max file size"]) == ("0", "65536")
    assert b"DOPPEL" not in environment


@pytest.mark.parametrize(
    "said",
    [
        b"", b"+{}", b"+{", b"+[1]", b"+1", b"-", b"-{", b"=", b"=1", b"=[[]]", b"!", b"![1]", b'!["a", "b"]',
        b'!["internal", "b"]', b"![[], {}]", b"?", b"\xff\xfe", b"+" + b"[" * 100_000,
        b"+" + b"x" * 3_000_000,
    ],
)  # fmt: skip
def test_what_the_reader_says_is_not_trusted(said: bytes) -> None:
    lines = b'~\n=["id", "title"]\n' + said + b'\n+{"id": 1}'
    with pytest.raises((NotSaidToTheEnd, Problem)) as caught:
        list(rows_said([lines], 1000, Columns()))
    assert not isinstance(caught.value, Problem) or caught.value.status == 422


def test_what_is_said_after_the_end_is_not_heard() -> None:
    said = b'~\n=["id", "title"]\n+{"id": 1}\n-"no"\n.\n+{"id": 2}\n?'
    first, second = rows_said([said], 1000, Columns())
    assert first == {"id": 1}
    assert isinstance(second, RowRefused)
    assert (second.code, second.detail) == ("row_invalid", "no")


def test_a_reader_that_does_not_run_is_our_fault() -> None:
    with pytest.raises(NotSaidToTheEnd) as caught:
        list(rows_said([], 1000, Columns()))
    assert not caught.value.began
    with pytest.raises(RuntimeError, match="unexpected keyword argument 'more'"):
        read(parquet({"id": ["1"], "title": ["A"]}), limits=AskedMore(**asdict(asked()), more=1))


MEASURE = """
import json, resource, sys
from pathlib import Path
from services.gateway.upload.parquet.lines import Asked
from services.gateway.upload.parquet_table import read_parquet
from services.gateway.upload.rows import Columns
asked = Asked(**json.loads(sys.argv[2]))
with open(sys.argv[1], "r+b") as file, read_parquet(file, asked, Columns()) as rows:
    print(sum(1 for _ in rows))
own = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
print(own // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    count = 200_000
    titles = [f"{'Shampoo ' * 20}{number}" for number in range(count)]
    file = tmp_path / "large.parquet"
    file.write_bytes(parquet({"id": list(range(count)), "title": titles, "price": [0.5] * count}))
    limits = json.dumps(asdict(asked(max_total_bytes=10**9)))
    code = [sys.executable, "-c", MEASURE, str(file), limits]
    said = subprocess.run(code, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    rows, gateway_mib, reader_mib = map(int, said)
    assert rows == count
    # Both begin with some 70 MiB; all rows together are 100.
    assert gateway_mib < 120
    assert reader_mib < 150
