"""Parquet files that are damaged, hostile or strange; each is named with what it holds.

What fields of the footer and of pages are called by number is said in the format's parquet.thrift.
"""

import datetime
import decimal
import io
import random
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.malformed import thrift
from tests.malformed.archives import zipped
from tests.malformed.damage import Named
from tests.malformed.thrift import at

_ROWS = 9
_GOOD: dict[str, Any] = {
    "id": [str(i) for i in range(_ROWS)],
    "price": [i / 2 for i in range(_ROWS)],
    "title": [f"Shampoo {i}" for i in range(_ROWS)],
}
SCHEMA, ROWS, GROUPS, TEXTS = 2, 3, 4, 5
COLUMNS, GROUP_ROWS = 1, 3
META = 3
TYPE, CODEC, VALUES, INFLATED, STORED, DATA_PAGE, DICTIONARY_PAGE = 1, 4, 5, 6, 7, 9, 11
ELEMENT_TYPE, LENGTH, REPETITION, NAME, CHILDREN, CONVERTED, LOGICAL = 1, 2, 3, 4, 5, 6, 10
Edit = Callable[[thrift.Struct], object]


def parquet(columns: dict[str, Any] | pa.Table, **options: Any) -> bytes:
    """Return a Parquet file; without the copy of its schema that only Arrow reads, unless told."""
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    out = io.BytesIO()
    pq.write_table(table, out, **{"store_schema": False, **options})
    return out.getvalue()


def edited(data: bytes, edit: Edit) -> bytes:
    """Return the file with what it says of itself changed."""
    footer = thrift.footer_of(data)
    edit(footer)
    return thrift.with_footer(data, footer)


def put(*path: int, value: Any) -> Edit:
    """Return what puts a value at the end of a way through what is said."""

    def edit(footer: thrift.Struct) -> None:
        at(footer, *path)[1] = value

    return edit


def _chunk(column: int, field: int, value: Any) -> Edit:
    return put(GROUPS, 0, COLUMNS, column, META, field, value=value)


def _page(data: bytes, edit: Edit) -> bytes:
    """Return the file with the header of the only page of its last column changed."""
    footer = thrift.footer_of(data)
    chunk = at(footer, GROUPS, 0, COLUMNS, -1, META)[1]
    start = chunk[DATA_PAGE][1]
    reader = thrift.Reader(data, start)
    header = reader.struct()
    edit(header)
    text = thrift.written(header)
    chunk[STORED][1] += len(text) - (reader.at - start)
    return thrift.with_footer(data[:start] + text + data[reader.at :], footer)


def _ends() -> Iterator[Named]:
    data = parquet(_GOOD)
    yield "nothing", b""
    yield "a magic alone", b"PAR1"
    yield "two magics", b"PAR1PAR1"
    yield "an empty footer", b"PAR1" + bytes(4) + b"PAR1"
    for share in (0.02, 0.3, 0.6, 0.9, 0.99):
        yield f"cut at {share:.0%}", data[: int(len(data) * share)]
    yield "without its last byte", data[:-1]
    yield "without its first byte", data[1:]
    yield "without its middle", data[:40] + data[90:]
    yield "with bytes after it", data + b"\0"
    yield "twice", data + data
    yield "encrypted", b"PARE" + data[4:-4] + b"PARE"
    yield "encrypted at its end", data[:-4] + b"PARE"
    yield "magic of ORC", b"ORC" + data[3:-3] + b"ORC"
    yield "a ZIP", zipped({"list.csv": b"id,title\n1,A\n"})
    yield "CSV", b"id,title\n1,A\n"
    yield "noise", random.Random(5).randbytes(20_000)
    for size in (1, 2**31, 2**32 - 1, len(data) - 12, len(data) - 11):
        yield f"footer of {size} bytes", data[:-8] + struct.pack("<I", size) + b"PAR1"
    yield "footer of noise", thrift.with_footer(data, random.Random(6).randbytes(500))
    yield "footer of zeros", thrift.with_footer(data, bytes(500))
    yield "footer of 20 MB", edited(data, put(6, value=b"x" * 20_000_000))
    yield "footer that says a million row groups", thrift.with_footer(data, b"\x49\xfc" + b"\0" * 1_000_002)
    yield "footer of structs in structs", thrift.with_footer(data, b"\x1c" * 100_000 + b"\0" * 100_001)
    yield "footer of lists in lists", thrift.with_footer(data, b"\xf9" + b"\x19" * 100_000)


def _said(good: bytes) -> Iterator[Named]:
    for rows in (-1, 0, 8, 10, 2_000_001, 2**62):
        yield f"{rows} rows in all", edited(good, put(ROWS, value=rows))

        def both(footer: thrift.Struct, rows: int = rows) -> None:
            at(footer, ROWS)[1] = at(footer, GROUPS, 0, GROUP_ROWS)[1] = rows

        yield f"{rows} rows in the group, too", edited(good, both)
    for values in (-1, 0, 8, 10, 2**40):
        yield f"column of {values} values", edited(good, _chunk(2, VALUES, values))
    for size in (-1, 0, 1, 2**40):
        yield f"column that inflates to {size} bytes", edited(good, _chunk(2, INFLATED, size))
        yield f"column of {size} bytes", edited(good, _chunk(2, STORED, size))
    for place in (-1, 0, 10**6, 2**62):
        yield f"page at {place}", edited(good, _chunk(2, DATA_PAGE, place))
        yield f"dictionary at {place}", edited(good, _chunk(2, DICTIONARY_PAGE, place))
    for codec in (3, 99, -1):
        yield f"codec {codec}", edited(good, _chunk(2, CODEC, codec))
    for kind in range(8):
        yield f"chunk of type {kind}", edited(good, _chunk(2, TYPE, kind))
    yield "no row group", edited(good, put(GROUPS, value=[]))
    yield "row group without columns", edited(good, put(GROUPS, 0, COLUMNS, value=[]))
    yield "row group of fewer columns", edited(good, lambda f: at(f, GROUPS, 0, COLUMNS)[1].pop())
    yield "chunk without its description", edited(good, lambda f: at(f, GROUPS, 0, COLUMNS, 2)[1].pop(META))
    yield (
        "chunk of another file",
        edited(good, lambda f: at(f, GROUPS, 0, COLUMNS, 2)[1].update({1: [thrift.BINARY, b"/etc/passwd"]})),
    )

    def groups(footer: thrift.Struct, number: int) -> None:
        at(footer, GROUPS)[1] = [at(footer, GROUPS, 0)] * number
        at(footer, ROWS)[1] = number * _ROWS

    yield "20 groups that share their bytes", edited(good, partial(groups, number=20))
    yield "10,001 groups that share their bytes", edited(good, partial(groups, number=10_001))


def _schemas(good: bytes) -> Iterator[Named]:
    for kind in range(8):
        yield f"schema of type {kind}", edited(good, put(SCHEMA, 3, ELEMENT_TYPE, value=kind))
    for count in (-1, 0, 2, 4, 2**31 - 1):
        yield f"schema of {count} columns", edited(good, put(SCHEMA, 0, CHILDREN, value=count))
    yield "no schema", edited(good, put(SCHEMA, value=[]))
    yield "a repeated title", edited(good, put(SCHEMA, 3, REPETITION, value=2))
    yield "a repetition of 9", edited(good, put(SCHEMA, 3, REPETITION, value=9))
    yield "a name that is not UTF-8", edited(good, put(SCHEMA, 2, NAME, value=b"\xff\xfe"))
    yield "a name of a million characters", edited(good, put(SCHEMA, 2, NAME, value=b"n" * 1_000_000))
    yield "two columns of one name", edited(good, put(SCHEMA, 2, NAME, value=b"title"))
    yield "no name", edited(good, put(SCHEMA, 2, NAME, value=b""))

    def nested(footer: thrift.Struct, levels: int) -> None:
        root, *leaves = at(footer, SCHEMA)[1]
        group = [thrift.STRUCT, {NAME: [thrift.BINARY, b"g"], CHILDREN: [thrift.I32, 1], REPETITION: [5, 1]}]
        at(footer, SCHEMA)[1] = [root, *leaves[:2], *[group] * levels, leaves[2]]

    yield "title nested in 1,000 levels", edited(good, partial(nested, levels=1000))
    yield "title nested in 20,000 levels", edited(good, partial(nested, levels=20_000))

    def extension(footer: thrift.Struct) -> None:
        at(footer, TEXTS)[1][0][1][2] = [thrift.BINARY, random.Random(7).randbytes(400)]

    yield "an Arrow schema of noise", edited(parquet(_GOOD, store_schema=True), extension)
    types = {"pickled": "arrow.py_extension_type", "unknown": "shop.colour", "of Arrow": "arrow.uuid"}
    for what, name in types.items():
        marks = {"ARROW:extension:name": name, "ARROW:extension:metadata": "\x80\x04cos\nsystem\n"}
        fields = [pa.field(column, pa.array(_GOOD[column]).type, metadata=marks) for column in _GOOD]
        yield f"an extension {what}", parquet(pa.table(_GOOD, pa.schema(fields)), store_schema=True)
    yield (
        "metadata of pandas that is none",
        parquet(
            pa.table(_GOOD).replace_schema_metadata({"pandas": '{"index_columns": [{"kind": "range"}]'}),
            store_schema=True,
        ),
    )


def _pages() -> Iterator[Named]:
    plain = parquet(_GOOD, compression="none", use_dictionary=False)
    packed = parquet(_GOOD, compression="zstd", use_dictionary=False)
    for size in (-1, 0, 5, 2**31 - 1):
        yield f"page that inflates to {size} bytes", _page(packed, put(2, value=size))
        yield f"plain page that inflates to {size} bytes", _page(plain, put(2, value=size))
        yield f"page of {size} bytes", _page(plain, put(3, value=size))
    for values in (-1, 0, 5, 1000, 2**31 - 1):
        yield f"page of {values} values", _page(plain, put(5, 1, value=values))
    for encoding in (2, 4, 5, 6, 7, 8, 9, 99):
        yield f"page in encoding {encoding}", _page(plain, put(5, 2, value=encoding))
    for kind in (1, 2, 3, 99):
        yield f"page of type {kind}", _page(plain, put(1, value=kind))
    yield "wrong checksum", _page(plain, lambda page: page.update({4: [thrift.I32, 7]}))
    # A text's length stands before it.
    yield "a text of 2 GB", plain.replace(b"\x09\0\0\0Shampoo 4", b"\xff\xff\xff\x7fShampoo 4")
    yield "a text of a negative length", plain.replace(b"\x09\0\0\0Shampoo 4", b"\xff\xff\xff\xffShampoo 4")
    yield "a title that is not UTF-8", plain.replace(b"Shampoo 4", b"Shamp\xff\xfe 4")
    yield "a title with NULs", plain.replace(b"Shampoo 4", b"\0" * 9)


def _types() -> Iterator[Named]:
    moment, day = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), datetime.date(2026, 1, 2)
    others: dict[str, Any] = {
        "INT96": pa.array([moment], pa.timestamp("ns")),
        "decimals": pa.array([decimal.Decimal("1E+30")], pa.decimal256(40, 2)),
        "dates": [day],
        "a date beyond all": pa.array([2**31 - 1], pa.int32()).cast(pa.date32()),
        "a moment beyond all": pa.array([2**60], pa.timestamp("ms")),
        "times": pa.array([datetime.time(1, 2)], pa.time64("ns")),
        "lists": [[1, 2]],
        "structs": [{"a": {"b": 1}}],
        "maps": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())),
        "bytes": [b"\xff\xd8"],
        "nulls": pa.nulls(1),
        "NaN": [float("nan")],
        "infinity": [float("-inf")],
        "the largest number": pa.array([2**64 - 1], pa.uint64()),
    }
    for what, values in others.items():
        table = {"id": ["1"], "title": ["A"], "other": values}
        yield f"a column of {what}", parquet(table, use_deprecated_int96_timestamps=what == "INT96")
    for what in ("lists", "structs", "maps"):
        for column in ("id", "title", "image"):
            yield f"{column} of {what}", parquet({"id": ["1"], "title": ["A"], column: others[what]})
    yield "image of a struct of lists", parquet({"id": ["1"], "title": ["A"], "image": [{"bytes": [1]}]})
    yield "image of numbers", parquet({"id": ["1"], "image": [7]})
    yield "image of no bytes", parquet({"id": ["1"], "image": [b""]})
    yield "ids of nulls", parquet({"id": pa.nulls(1), "title": ["A"]})
    yield "ids of truths", parquet({"id": [True, False], "title": ["A", "B"]})
    yield "titles of bytes", parquet({"id": ["1", "2"], "title": [b"A", b"\xff"]})
    yield "no id", parquet({"sku": ["1"]})
    yield "no columns", parquet(pa.table({"id": [1]}).select([]))
    yield "no rows", parquet(pa.table(_GOOD).slice(0, 0))
    for count in (200, 900):
        yield (
            f"{count} columns",
            parquet({"id": ["1"], "title": ["A"]} | {f"c{i}": [i] for i in range(count - 2)}),
        )
    yield "2,000 columns", parquet({"id": ["1"]} | {f"c{i}": [i] for i in range(2000)})


def _bombs() -> Iterator[Named]:
    rows = 100_000
    ids = [str(i) for i in range(rows)]
    # A dictionary of one entry, and run lengths that point to it.
    yield "a number repeated 100,000 times", parquet({"id": ids, "title": ["A"] * rows, "price": [1] * rows})
    one = pa.array(["t" * 50_000])
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), one)
    yield "a long title repeated 100,000 times", parquet(pa.table({"id": ids, "title": repeated}))
    picture = pa.array([bytes(9_000_000)])
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 200, pa.int32()), picture)
    yield "an image repeated 200 times", parquet(pa.table({"id": ids[:200], "image": repeated}))
    yield "100,000 nulls", parquet({"id": pa.nulls(rows, pa.string()), "title": pa.nulls(rows)})
    yield "2,000,001 nulls", parquet({"id": pa.nulls(2_000_001, pa.string())})
    zeros = bytes(40_000_000)
    yield "zeros of 40 MB", parquet({"id": ["1"], "image": [zeros]}, compression="zstd", use_dictionary=False)
    noise = random.Random(9).randbytes(1_000_000)
    for size in (4, 20, 40):
        table = {"id": ["1", "2"], "title": ["A", "B"], "image": [noise * size, b"x"]}
        yield f"a picture of {size} MB", parquet(table, compression="none")
    yield (
        "a title of 20 MB",
        parquet({"id": ["1", "2"], "title": ["t" * 20_000_000, "B"]}, compression="none"),
    )
    skewed = ["t"] * 20_000 + ["t" * 1_000_000 for _ in range(100)]
    yield (
        "long titles after many short",
        parquet({"id": ids[: len(skewed)], "title": skewed}, use_dictionary=False, data_page_size=1000),
    )


def _flipped(good: bytes) -> Iterator[Named]:
    rng = random.Random(10)
    start = len(good) - 8 - int.from_bytes(good[-8:-4], "little")
    for number in range(30):
        damaged = bytearray(good)
        # Half of the damage where the file says what it is.
        first, end = (start, len(good)) if number % 2 else (4, start)
        for _ in range(1 + number % 4):
            damaged[rng.randrange(first, end)] ^= 1 << rng.randrange(8)
        yield f"flipped {number}", bytes(damaged)


def parquet_files() -> Iterator[Named]:
    """Yield the bodies of uploads of type `application/vnd.apache.parquet`."""
    good = parquet(_GOOD)
    yield "good", good
    yield "good with an Arrow schema", parquet(_GOOD, store_schema=True)
    for version in ("1.0", "2.0"):
        yield f"pages of version {version}", parquet(_GOOD, data_page_version=version)
    for codec in ("none", "gzip", "brotli", "lz4", "zstd"):
        yield f"packed by {codec}", parquet(_GOOD, compression=codec)
    yield from _ends()
    yield from _said(good)
    yield from _schemas(good)
    yield from _pages()
    yield from _types()
    yield from _bombs()
    yield from _flipped(good)
