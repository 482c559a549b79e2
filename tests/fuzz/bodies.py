"""Bodies that the service reads itself: tables and archives, most of them whole, some of them broken."""

import base64
import csv
import io
import json
import zipfile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import schemathesis
from hypothesis import strategies as st

from services.gateway.upload.formats import CSV, NDJSON, PARQUET, ZIP
from tests.support import jpeg

PICTURES = tuple(jpeg(seed) for seed in range(3))
PICTURES += (PICTURES[0][:200], b"no picture", b"")
_NAMES = ("0.jpg", "1.jpg", "photos/2.jpg", "half.jpg", "text.jpg", "empty.jpg")
# Few of each, so that listings meet again: in one body, in a catalog, as duplicates.
_IDS = st.sampled_from(("a-1", "b-2", "c-3", "d-4", "", "x" * 201)) | st.text(max_size=8)
_TITLES = st.sampled_from(("Mug red 350 ml", "Mug red 500 ml", "[PROMO] Mug merah", "")) | st.text(
    max_size=30
)
_IMAGES = st.sampled_from(
    (
        *(f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}" for picture in PICTURES),
        *_NAMES,
        "http://photos.test/a.jpg",
        "http://127.0.0.1/a.jpg",
        "http://[",
        "file:///etc/passwd",
        "",
    )
)
_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "title": _TITLES,
    "image": _IMAGES,
    "image_url": _IMAGES,
    "brand": _VALUES,
    "price": _VALUES,
    "gtin": _VALUES,
    "attributes": _VALUES | st.dictionaries(st.text(max_size=5), _VALUES, max_size=3),
}
_LISTING = st.fixed_dictionaries({"id": _IDS}, optional=_FIELDS)
_LISTINGS = st.lists(_LISTING, min_size=1, max_size=5)


@st.composite
def broken(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """A body, three times in four whole; else cut off, or with other bytes somewhere in it."""
    body = draw(whole)
    if draw(st.integers(0, 3)) < 3:
        return body
    start, end = sorted(draw(st.tuples(st.integers(0, len(body)), st.integers(0, len(body)))))
    return body[:start] + draw(st.binary(max_size=20)) + draw(st.sampled_from((b"", body[end:])))


def _lines(listings: list[Any]) -> bytes:
    return b"".join(json.dumps(listing).encode() + b"\n" for listing in listings)


@st.composite
def _tables(draw: st.DrawFn) -> bytes:
    """CSV with a header row; columns, separator and quoting as spreadsheets of several countries do it."""
    rows = draw(_LISTINGS)
    columns = draw(
        st.sampled_from((["id", "title"], ["id", "title", "image"], ["id", *_FIELDS], ["sku", "title"]))
    )
    out = io.StringIO()
    writer = csv.writer(out, delimiter=draw(st.sampled_from(",;\t")), quoting=draw(st.sampled_from((0, 1))))
    writer.writerow(columns)
    writer.writerows([row.get(name) for name in columns] for row in rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def _parquet_of(rows: list[dict[str, Any]], columns: list[str]) -> bytes:
    """A Parquet file of texts; what a text cannot hold is left out."""
    out = io.BytesIO()
    texts = {
        name: [
            None if row.get(name) is None else str(row[name]).encode("utf-8", "replace").decode()
            for row in rows
        ]
        for name in columns
    }
    pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()}), out)
    return out.getvalue()


@st.composite
def _parquet_files(draw: st.DrawFn) -> bytes:
    columns = draw(st.sampled_from((["id", "title"], ["id", "title", "image"], ["id", *_FIELDS], ["sku"])))
    return _parquet_of(draw(_LISTINGS), columns)


NDJSON_BODIES = broken(st.lists(_LISTING | _VALUES, max_size=5).map(_lines) | _LISTINGS.map(_lines))
CSV_BODIES = broken(_tables())


def _zipped(entries: dict[str, bytes], compression: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


@st.composite
def _archives(draw: st.DrawFn) -> bytes:
    """A ZIP with a table and the images it names; or with none, with two, with names that lead out of it."""
    json_bodies = _LISTINGS.map(lambda listings: json.dumps(listings).encode())
    kinds = {"t.ndjson": _LISTINGS.map(_lines), "t.csv": _tables(), "t.json": broken(json_bodies)}
    names = draw(
        st.sampled_from((*((name,) for name in kinds), *((name,) for name in kinds), (), ("t.csv", "t.json")))
    )
    entries = {name: draw(kinds[name]) for name in names}
    entries |= dict(zip(_NAMES, PICTURES, strict=True))
    if draw(st.integers(0, 5)) == 5:
        entries[draw(st.sampled_from(("../a.jpg", "/a.jpg", "a\\b.jpg", "folder/", "T.CSV")))] = PICTURES[0]
    return _zipped(entries, draw(st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))))


FORMS = {NDJSON: NDJSON_BODIES, CSV: CSV_BODIES, PARQUET: broken(_parquet_files()), ZIP: broken(_archives())}
_TABLE = b"id,title,image\nz-1,Mug red 350 ml,0.jpg\nz-2,Mug red 350 ml,1.jpg\nz-3,,gone.jpg\n"
EXAMPLES = {
    NDJSON: b'{"id": "n-1", "title": "Mug red 350 ml"}\n{"id": "n-2", "title": "Mug red 500 ml"}\n{}\n',
    CSV: _TABLE,
    PARQUET: _parquet_of([{"id": "p-1", "title": "Mug red 350 ml"}, {"id": "p-2"}], ["id", "title"]),
    ZIP: _zipped({"t.csv": _TABLE, **dict(zip(_NAMES, PICTURES, strict=True))}, zipfile.ZIP_DEFLATED),
}


def register() -> None:
    """Let every description of an API that names these forms have such bodies generated for them."""
    for form, strategy in FORMS.items():
        schemathesis.openapi.media_type(form, strategy)
    schemathesis.openapi.format("binary", st.sampled_from(PICTURES) | st.binary(max_size=200))
