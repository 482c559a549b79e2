"""ZIPs, honest and hostile."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from services.gateway.problems import Problem
from services.gateway.upload.archive import Archive
from services.gateway.upload.central_directory import central_directory_bytes
from services.gateway.upload.refusal import RowRefused


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file


def opened(file: io.BytesIO, max_total: int = 10**8, max_image: int = 1000) -> Archive:
    return Archive(file, max_total, max_image)


def refused(file: io.BytesIO, max_total: int = 10**8) -> str:
    with pytest.raises(Problem) as caught:
        opened(file, max_total).table()
    return caught.value.code


def test_table_and_images_are_found() -> None:
    names = {"shop/list.csv": b"id\n1", "shop/img/a.jpg": b"A", "b.jpg": b"B", "__MACOSX/._list.csv": b"junk"}
    archive = opened(zipped(names))
    assert archive.table() == "shop/list.csv"
    assert b"".join(archive.blocks("shop/list.csv")) == b"id\n1"
    assert archive.image(archive.find_image("shop/img/a.jpg")) == b"A"
    # However it is spelled, it is one and the same entry.
    for name in ("img/a.jpg", "img\\a.jpg", "img/./a.jpg", "shop//img/a.jpg"[6:], "shop/img/a.jpg"):
        assert archive.find_image(name, beside="shop/list.csv") == "shop/img/a.jpg"
    assert archive.image(archive.find_image("./b.jpg", beside="shop/list.csv")) == b"B"


def test_letters_may_be_composed_differently() -> None:
    archive = opened(zipped({"a.csv": b"", "o\u0308.jpg": b"x"}))
    assert archive.image(archive.find_image("\u00f6.jpg")) == b"x"


@pytest.mark.parametrize(
    ("name", "code"),
    [("none.jpg", "image_missing"), ("empty.jpg", "image_empty"), ("big.jpg", "image_too_many_bytes")],
)
def test_a_bad_image_has_a_code(name: str, code: str) -> None:
    archive = opened(zipped({"empty.jpg": b"", "big.jpg": bytes(range(256)) * 4}))
    with pytest.raises(RowRefused) as caught:
        archive.find_image(name)
    assert caught.value.code == code


def test_a_damaged_image_is_a_rejection_and_a_damaged_table_a_problem() -> None:
    data = zipped({"a.csv": b"id\n" * 99, "a.jpg": b"picture" * 9}, zipfile.ZIP_STORED).getvalue()
    damaged = io.BytesIO(data.replace(b"picturepicture", b"picturePICTURE").replace(b"id\nid\n", b"id\nxx\n"))
    archive = opened(damaged)
    with pytest.raises(RowRefused) as image:
        archive.image("a.jpg")
    assert image.value.code == "image_broken"
    with pytest.raises(Problem) as table:
        list(archive.blocks("a.csv"))
    assert table.value.code == "zip_invalid"


@pytest.mark.parametrize(
    "name", ["../a.csv", "/etc/a.csv", "x/../../a.csv", "..\\a.csv", "C:/a.csv", "inner.zip", "a.tar.gz"]
)
def test_unsafe_names_are_refused(name: str) -> None:
    assert refused(zipped({"list.csv": b"id", name: b"x"})) == "zip_unsafe_entry"


def test_a_symbolic_link_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("a.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert refused(file) == "zip_unsafe_entry"


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(zipped({"a.csv": b"id"}).getvalue())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert refused(io.BytesIO(bytes(data))) == "zip_unsafe_entry"


def test_other_compressions_are_refused() -> None:
    assert refused(zipped({"a.csv": b"id"}, zipfile.ZIP_LZMA)) == "zip_unsafe_entry"


def test_bombs_are_refused() -> None:
    zeros = bytes(5 * 1024**2)
    assert refused(zipped({"a.csv": b"id", "a.jpg": zeros})) == "zip_bomb"
    assert refused(zipped({"a.csv": zeros})) == "zip_bomb"
    assert refused(zipped({"a.csv": b"id", "a.bin": bytes(range(256)) * 40}), max_total=9000) == "zip_bomb"
    # Many entries, each too small to be told apart from an honest one.
    assert refused(zipped({f"{i}.bin": bytes(1000_000) for i in range(12)})) == "zip_bomb"


def test_entries_that_share_their_bytes_are_refused() -> None:
    data = bytearray(zipped({"a.csv": b"id" * 99}, zipfile.ZIP_STORED).getvalue())
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[at:end]
    copies = b"".join(entry.replace(b"a.csv", b"%d.csv" % i) for i in range(9))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, len(copies), at, 0)
    assert refused(io.BytesIO(bytes(data[:at]) + copies + tail)) in ("zip_bomb", "zip_invalid")


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda _: b"PK\x03\x04 no", lambda d: d[: len(d) // 2], lambda d: d[:-1]]
)
def test_what_is_no_zip_is_refused(damage: Callable[[bytes], bytes]) -> None:
    data = zipped({"a.csv": b"id\n" * 50}).getvalue()
    assert refused(io.BytesIO(damage(data))) == "zip_invalid"


def test_one_table_is_needed() -> None:
    assert refused(zipped({"a.jpg": b"x"})) == "zip_no_table"
    assert refused(zipped({"a.csv": b"x", "b.ndjson": b"y"})) == "zip_many_tables"
    assert opened(zipped({"a.ndjson": b"x", "truth.json": b"{}"})).table() == "a.ndjson"
    assert opened(zipped({"a.json": b"[]"})).table() == "a.json"


def test_a_huge_table_of_entries_is_refused_before_it_is_read() -> None:
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**31, 0, 0)
    assert central_directory_bytes(io.BytesIO(tail)) == 2**31
    assert refused(io.BytesIO(tail)) == "zip_too_many_entries"


def test_the_table_of_entries_is_measured_behind_a_comment() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = b"hello"
        archive.writestr("a.csv", b"id")
    assert central_directory_bytes(file) == 46 + len("a.csv")
    assert opened(file).table() == "a.csv"
