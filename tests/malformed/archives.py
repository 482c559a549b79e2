"""ZIPs that are damaged, hostile or strange; each is named with what it holds."""

import io
import random
import struct
import zipfile
from collections.abc import Iterator

from tests.malformed.damage import Named

_TABLE = b"id,title,image\n1,A,a.jpg\n2,B,b.jpg\n3,C,missing.jpg\n"
_FILES = {"list.csv": _TABLE, "a.jpg": b"picture a" * 9, "b.jpg": b"picture b" * 9}
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_NAMES = (
    "../a.jpg", "x/../../a.jpg", "/etc/passwd", "\\\\server\\a.jpg", "C:/a.jpg", "C:a.jpg", "..", "../",
    "./../a", "a\\..\\..\\b.jpg", "inner.zip", "a.tar.gz", "a.jpg\0.csv",
)  # fmt: skip


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """Return the archive with bytes of its first record of a kind replaced."""
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


def _records(data: bytes) -> Iterator[Named]:
    # Offsets from APPNOTE.TXT 4.3.7, 4.3.12 and 4.3.16.
    yield "encrypted entry", _patched(data, _CENTRAL, 8, b"\x01\0")
    yield "strongly encrypted entry", _patched(data, _CENTRAL, 8, b"\x41\0")
    yield "entry of another version", _patched(data, _CENTRAL, 6, b"\xff\0")
    yield "unknown compression", _patched(data, _CENTRAL, 10, b"\x63\0")
    yield "compression told differently", _patched(data, _CENTRAL, 10, b"\0\0")
    yield "date that is none", _patched(data, _CENTRAL, 12, b"\xff\xff\xff\xff")
    yield "wrong checksum", _patched(data, _CENTRAL, 16, b"\1\2\3\4")
    yield "compressed size of 4 GB", _patched(data, _CENTRAL, 20, b"\xfe\xff\xff\xff")
    yield "compressed size of nothing", _patched(data, _CENTRAL, 20, b"\0\0\0\0")
    yield "size of 4 GB", _patched(data, _CENTRAL, 24, b"\xfe\xff\xff\xff")
    yield "size of nothing", _patched(data, _CENTRAL, 24, b"\0\0\0\0")
    yield "size of one byte", _patched(data, _CENTRAL, 24, b"\1\0\0\0")
    yield "ZIP64 size without its field", _patched(data, _CENTRAL, 24, b"\xff\xff\xff\xff")
    yield "name longer than the record", _patched(data, _CENTRAL, 28, b"\xff\xff")
    yield "extra field longer than the record", _patched(data, _CENTRAL, 30, b"\xff\xff")
    yield "comment longer than the record", _patched(data, _CENTRAL, 32, b"\xff\xff")
    yield "symbolic link", _patched(data, _CENTRAL, 38, struct.pack("<I", 0o120777 << 16))
    yield "offset past the end", _patched(data, _CENTRAL, 42, b"\xf0\xff\xff\x7f")
    yield "offset into another entry", _patched(data, _CENTRAL, 42, b"\x05\0\0\0")
    yield (
        "name that is not UTF-8",
        _patched(_patched(data, _CENTRAL, 8, b"\0\x08"), _CENTRAL, 46, b"\xff\xfe"),
    )
    yield (
        "local name that is not UTF-8",
        _patched(_patched(data, _CENTRAL, 8, b"\0\x08"), _LOCAL, 30, b"\xff\xfe"),
    )
    yield "local name that is another", _patched(data, _LOCAL, 30, b"LIST")
    yield "local name without end", _patched(data, _LOCAL, 26, b"\xff\xff")
    yield "local extra field without end", _patched(data, _LOCAL, 28, b"\xff\xff")
    yield "local record without its mark", _patched(data, _LOCAL, 0, b"XX")
    yield "local record encrypted", _patched(data, _LOCAL, 6, b"\x01\0")
    yield "no entries", _patched(data, _END, 8, b"\0\0\0\0")
    yield "65,535 entries", _patched(data, _END, 8, b"\xff\xff\xff\xff")
    yield "directory of 2 GB", _patched(data, _END, 12, b"\0\0\0\x80")
    yield "directory past the end", _patched(data, _END, 16, b"\0\0\0\x7f")
    yield "comment past the end", _patched(data, _END, 20, b"\xff\xff")
    yield "several disks", _patched(data, _END, 4, b"\7\0\7\0")


def _bombs() -> Iterator[Named]:
    zeros = bytes(30_000_000)
    yield "table that inflates a thousand times", zipped({"list.csv": zeros})
    yield "image that inflates a thousand times", zipped({**_FILES, "a.jpg": zeros})
    yield "table that inflates into one row", zipped({"list.csv": b"id,title\n1," + b"abcdefghij" * 90_000})
    yield (
        "many files that inflate",
        zipped({"list.csv": _TABLE, **{f"{i}.jpg": zeros[:900_000] for i in range(40)}}),
    )
    yield "30,000 empty files", zipped({"list.csv": _TABLE, **{f"{i}.jpg": b"" for i in range(30_000)}})
    lying = zipped({"list.csv": _TABLE, "a.jpg": bytes(3_000_000)})
    at = lying.rindex(_CENTRAL)
    yield "image that holds more than it says", lying[: at + 24] + struct.pack("<I", 900) + lying[at + 28 :]
    data = zipped(_FILES, zipfile.ZIP_STORED)
    start, end = data.index(_CENTRAL), data.index(_END)
    entry = data[start : data.index(_CENTRAL, start + 4)]
    copies = b"".join(entry.replace(b"list.csv", b"%03d_.jpg" % i) for i in range(200)) + entry
    tail = struct.pack("<4s4H2LH", _END, 0, 0, 201, 201, len(copies), start, 0)
    yield "200 entries that share their bytes", data[:start] + copies + tail
    yield (
        "two entries that share their bytes",
        data[:start]
        + entry
        + entry.replace(b"list", b"copy")
        + (struct.pack("<4s4H2LH", _END, 0, 0, 2, 2, 2 * len(entry), start, 0)),
    )
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 3, 3, 2**62, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    yield "ZIP64 directory of 4 EB", data[:end] + record + locator + data[end:]
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 3, 3, end - start, 2**63)
    yield (
        "ZIP64 directory at 8 EB",
        data[:end] + record + locator + _patched(data[end:], _END, 12, b"\xff" * 8),
    )
    far = struct.pack("<HHQ", 1, 8, 2**63 + 7)
    entry64 = entry[:30] + struct.pack("<H", len(far)) + entry[32:42] + b"\xff" * 4 + entry[46:] + far
    tail = struct.pack("<4s4H2LH", _END, 0, 0, 1, 1, len(entry64), start, 0)
    yield "ZIP64 entry at 8 EB", data[:start] + entry64 + tail


def archives(seed: int) -> Iterator[Named]:
    """Yield the bodies of uploads of type `application/zip`."""
    rng = random.Random(seed)
    data = zipped(_FILES)
    yield "good", data
    yield "stored", zipped(_FILES, zipfile.ZIP_STORED)
    yield "behind a program", b"#!/bin/sh\nexit\n" + data
    yield "with bytes after it", data + b"\0" * 50
    yield "twice", data + data
    yield "no table", zipped({"a.jpg": b"x"})
    yield "two tables", zipped({"a.csv": _TABLE, "b.ndjson": b"{}"})
    yield "empty", zipped({})
    yield "nothing but folders", zipped({"a/": b"", "b.csv/": b""})
    yield "two names that compose to one", zipped({**_FILES, "o\u0308.jpg": b"x", "\u00f6.jpg": b"y"})
    for name in _NAMES:
        # zipfile ends a name at a NUL when it writes.
        stored = zipped({**_FILES, name.replace("\0", "_"): b"x"}, zipfile.ZIP_STORED)
        yield f"name {name!r}", stored.replace(b"a.jpg_.csv", b"a.jpg\0.csv")
    for share in (0, 5, 20, 50, 80, 95, 99):
        yield f"cut at {share} %", data[: len(data) * share // 100]
    for method, name in ((zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "lzma")):
        yield f"packed by {name}", zipped(_FILES, method)
    yield from _records(data)
    yield from _bombs()
    for number in range(60):
        flipped = bytearray(data)
        # The records at the end say where everything is: half of the damage is there.
        start = data.index(_CENTRAL) if number % 2 else 0
        for _ in range(1 + number % 4):
            flipped[rng.randrange(start, len(data))] ^= 1 << rng.randrange(8)
        yield f"flipped {number}", bytes(flipped)
