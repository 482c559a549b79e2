"""From the fields of a row to a listing or a code."""

import base64
import resource
from typing import Any

import pytest

from services.gateway.upload.ids import SeenIds
from services.gateway.upload.images import ImageReferences
from services.gateway.upload.receiver import read_row
from services.gateway.upload.refusal import RowRefused
from services.gateway.upload.rows import Columns, RowReader
from shared.errors import SpoolUnavailable
from shared.messages import Listing, Row


class Store:
    """Keeps what was stored."""

    def __init__(self) -> None:
        self.images: list[bytes] = []

    def put(self, data: bytes) -> str:
        self.images.append(data)
        return f"spool:{len(self.images)}"


def read(raw: dict[str, Any], columns: Columns | None = None, store: Store | None = None) -> Row:
    images = ImageReferences((store or Store()).put, max_bytes=100)
    with SeenIds() as seen:
        return read_row(1, raw, RowReader(columns or Columns(), images), seen)


def code(raw: dict[str, Any]) -> str:
    row = read(raw)
    assert row.rejection is not None, row
    return row.rejection.code


def listing(raw: dict[str, Any], columns: Columns | None = None) -> Listing:
    row = read(raw, columns)
    assert row.listing is not None, row
    return row.listing


def test_scalars_become_attributes_and_the_rest_is_left_out() -> None:
    raw = {
        "id": 17, "title": " Shampoo ", "brand": "Nara", "price": 2.5, "new": True, "none": None,
        "tags": ["x"], "attributes": {"gtin": "0899", "colour": None},
    }  # fmt: skip
    assert listing(raw) == Listing(
        id="17", title="Shampoo", attributes={"brand": "Nara", "price": 2.5, "new": True, "gtin": "0899"}
    )


def test_columns_are_renamed() -> None:
    columns = Columns(id="sku", title="name", image="photo")
    raw = {"sku": "1", "name": "A", "photo": "https://x.example/a.jpg", "id": "other"}
    found = listing(raw, columns)
    assert (found.id, found.title, found.image) == ("1", "A", "https://x.example/a.jpg")
    assert found.attributes == {"id": "other"}


@pytest.mark.parametrize("name", ["image", "image_url"])
def test_an_address_is_kept_as_it_is(name: str) -> None:
    assert listing({"id": "1", name: "https://x.example/ä.jpg?a=1"}).image == "https://x.example/ä.jpg?a=1"


def test_a_data_uri_is_stored() -> None:
    store = Store()
    uri = "data:image/png;base64," + base64.b64encode(b"picture").decode()
    row = read({"id": "1", "image": uri}, store=store)
    assert row.listing is not None
    assert row.listing.image == "spool:1"
    assert store.images == [b"picture"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"title": "A"}, "listing_id_missing"),
        ({"id": " ", "title": "A"}, "listing_id_missing"),
        ({"id": None, "title": "A"}, "listing_id_missing"),
        ({"id": "x" * 201, "title": "A"}, "row_invalid"),
        ({"id": ["1"], "title": "A"}, "row_invalid"),
        ({"id": True, "title": "A"}, "row_invalid"),
        ({"id": "1", "title": {"en": "A"}}, "row_invalid"),
        ({"id": "1", "title": "A", "attributes": [1]}, "row_invalid"),
        ({"id": "1", "title": "A", "attributes": {"a": {}}}, "row_invalid"),
        ({"id": "1", "title": "A", "price": float("inf")}, "row_invalid"),
        ({"id": "1", "title": "A", "text": "x" * 100_001}, "attributes_too_long"),
        ({"id": "1", "title": "A", "x" * 100_001: 1}, "attributes_too_long"),
        (
            {"id": "1", "title": "A", "a": "x" * 50_000, "attributes": {"b": "x" * 50_000}},
            "attributes_too_long",
        ),
        ({"id": "1", "title": "A"} | {str(i): i for i in range(257)}, "attributes_too_many"),
        ({"id": "1", "title": "A", "attributes": {str(i): i for i in range(257)}}, "attributes_too_many"),
        ({"id": "1", "title": "x" * 2001}, "title_too_long"),
        ({"id": "1"}, "listing_empty"),
        ({"id": "1", "title": " ", "image": ""}, "listing_empty"),
        ({"id": "1", "image": "ftp://x.example/a.jpg"}, "image_url_invalid"),
        ({"id": "1", "image": "a.jpg"}, "image_url_invalid"),
        ({"id": "1", "image": "spool:jobs/other/images/secret"}, "image_url_invalid"),
        ({"id": "1", "image": "file:///etc/passwd"}, "image_url_invalid"),
        ({"id": "1", "image": "http://"}, "image_url_invalid"),
        ({"id": "1", "image": "http://[::1"}, "image_url_invalid"),
        ({"id": "1", "image": "http://x.example:99999/"}, "image_url_invalid"),
        ({"id": "1", "image": "http://x.example/a b"}, "image_url_invalid"),
        ({"id": "1", "image": "http://x.example/" + "a" * 4096}, "image_url_invalid"),
        ({"id": "1", "image": "data:image/png,plain"}, "image_url_invalid"),
        ({"id": "1", "image": "data:image/png;base64,%%%"}, "image_url_invalid"),
        ({"id": "1", "image": "data:text/html;base64,QQ=="}, "image_format"),
        ({"id": "1", "image": "data:image/png;base64,"}, "image_empty"),
        ({"id": "1", "image": "data:image/png;base64," + "QUFB" * 40}, "image_too_many_bytes"),
    ],
)
def test_a_bad_row_has_a_code(raw: dict[str, Any], expected: str) -> None:
    assert code(raw) == expected


def test_a_listing_may_have_so_many_and_so_long_attributes() -> None:
    many = {f"{i}": True for i in range(255)} | {"none": None, "tags": ["no attribute"]}
    long = "x" * (100_000 - sum(len(name) + 4 for name in list(many)[:255]) - 1)
    found = listing({"id": "1", "title": "A", **many, "attributes": {"l": long, "none": None}})
    assert len(found.attributes) == 256


def test_a_large_number_is_kept_as_text() -> None:
    assert listing({"id": "1", "title": "A", "gtin": 10**30}).attributes == {"gtin": str(10**30)}


def test_ids_are_told_apart_whether_memory_or_the_disk_has_them() -> None:
    # So many that memory alone cannot tell for hundreds of them, the first and the last of which come again.
    with SeenIds() as seen:
        assert all(seen.add(f"id-{i}") for i in range(100_000))
        assert not any(seen.add(f"id-{i}") for i in range(100_000))
        assert seen.add("id-100000")


def test_a_full_disk_is_an_outage() -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, limits[1]))
    try:
        with SeenIds() as seen, pytest.raises(SpoolUnavailable, match="disk"):
            all(seen.add(f"{i:0180}") for i in range(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_the_first_listing_of_an_id_is_kept() -> None:
    reader = RowReader(Columns(), ImageReferences(Store().put, 100))
    with SeenIds() as seen:
        rows = [
            read_row(1, {"id": "a"}, reader, seen),
            read_row(2, {"id": "a", "title": "A"}, reader, seen),
            read_row(3, {"id": "a", "title": "B"}, reader, seen),
            read_row(4, RowRefused("row_invalid", "x"), reader, seen),
        ]
    codes = [row.rejection and (row.rejection.code, row.rejection.listing_id) for row in rows]
    assert codes == [("listing_empty", "a"), None, ("listing_duplicate_id", "a"), ("row_invalid", None)]
