"""Tables that are damaged, hostile or strange: CSV, NDJSON and JSON."""

import json
import random
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

from tests.malformed.rows import rows

_LONG = 40_000_000
_BLOCK = b"x" * 65_536
_HEAD = "id,title,brand\n"
_GOOD = [{"id": str(i), "title": f"Shampoo {i}", "price": i / 2, "tags": ["a", {"b": 1}]} for i in range(9)]
Blocks = Iterable[bytes]


def cut(data: bytes, size: int = 4099) -> Blocks:
    """Return the data as a network would bring it."""
    return [data[i : i + size] for i in range(0, len(data), size)]


def _bodies(good: bytes) -> Iterator[tuple[str, Blocks]]:
    rng = random.Random(4)
    yield "good", cut(good)
    yield "byte by byte", cut(good, 1)
    yield "nothing", []
    yield "white space", cut(b" \n\r\t\n" * 1000)
    for encoding in ("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp500"):
        yield f"in {encoding}", cut(good.decode().encode(encoding))
    yield "in Latin 1", cut(good.decode().replace("Shampoo", "Für").encode("latin-1"))
    yield "two byte order marks", cut(b"\xef\xbb\xbf" * 2 + good)
    yield "half a byte order mark", cut(b"\xef\xbb" + good)
    yield "overlong UTF-8", cut(good.replace(b"Shampoo", b"\xc0\xaf", 1))
    yield "surrogates in UTF-8", cut(good.replace(b"Shampoo", b"\xed\xa0\x80", 1))
    yield "NULs between", cut(good.replace(b"Shampoo", b"\0\0"))
    yield "only NULs", cut(bytes(100_000))
    yield "only quotes", cut(b'"' * 100_001)
    yield "noise", cut(rng.randbytes(20_000))
    yield "old Macintosh lines", cut(good.replace(b"\n", b"\r"))
    yield "a picture", cut(b"\x89PNG\r\n\x1a\n" + rng.randbytes(2000))
    yield "HTML", cut(b"<!doctype html><html><body>Sign in</body></html>")
    yield "cut", cut(good[: len(good) * 2 // 3])
    yield "a field without end", chain(cut(good[:20]), repeat(_BLOCK, _LONG // len(_BLOCK)))
    for number in range(20):
        damaged = bytearray(good)
        for _ in range(1 + number % 4):
            damaged[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
        yield f"flipped {number}", cut(bytes(damaged))


def ndjson() -> Iterator[tuple[str, Blocks]]:
    """Yield bodies of type `application/x-ndjson`."""
    last = '\n{"id": "last", "title": "L"}\n'
    yield from _bodies("".join(json.dumps(row) + "\n" for row in _GOOD).encode())
    yield "every row at once", cut(("\n".join(text for _, text in rows()) + last).encode())
    for name, text in rows():
        yield name, cut((text + last).encode())


def json_arrays() -> Iterator[tuple[str, Blocks]]:
    """Yield bodies of type `application/json`."""
    yield from _bodies(json.dumps(_GOOD).encode())
    for name, text in rows():
        yield name, cut(f'[{{"id": "first", "title": "F"}}, {text}, {{"id": "last", "title": "L"}}]'.encode())
    yield (
        "listings twice",
        cut(b'{"listings": [{"id": "1", "title": "A"}], "listings": [{"id": "2", "title": "B"}]}'),
    )
    yield "listings as an object", cut(b'{"listings": {"id": "1", "title": "A"}}')
    yield "listings deeper", cut(b'{"a": {"listings": [{"id": "1", "title": "A"}]}}')
    yield "another key without end", chain([b'{"a": "'], repeat(_BLOCK, _LONG // len(_BLOCK)))
    yield "14 MB of line breaks", chain([b'[{"id": "1", "a": "'], repeat(rb"\n" * 30_000, 230), [b'"}]'])
    yield "brackets without end", repeat(b"[" * 65_536, 300)
    yield "objects without end", chain([b"["], repeat(b'{"a":' * 10_000, 300))
    yield "white space without end", chain([b"["], repeat(b" " * 65_536, _LONG // 65_536))


def csv_tables() -> Iterator[tuple[str, Blocks]]:
    """Yield bodies of type `text/csv`."""
    body = "".join(f'{i},"Shampoo ""{i}"", blue",Nara\n' for i in range(9))
    yield from _bodies((_HEAD + body).encode())
    texts = {
        "a quote that stays open": '1,"A,B\n' * 3,
        "a quote within a cell": '1,A"B"C,D\n',
        "a stray quote": '1,"A"B,C\n',
        "cells too many": "1,A,B,C\n",
        "cells too few": "1\n",
        "a return within a cell": "1,A\rB,C\n2,D,E\n",
        "a title of 3,000 characters": "1," + "t" * 3000 + ",C\n",
        "an id of 3,000 characters": "i" * 3000 + ",A,B\n",
        "a cell of 200,000 characters": "1,A," + "c" * 200_000 + "\n",
        "a formula": "1,=cmd|' /C calc'!A0,B\n",
        "no title": "1,,B\n",
        "no id": ",A,B\n",
        "one id twice": "1,A,B\n1,C,D\n",
        "a NUL": "1,A\0B,C\n",
        "a million cells": "1,A" + "," * 1_000_000 + "\n",
        "a million rows of nothing": "\n" * 1_000_000,
        "a line separator": "1,A\u2028B,C\n",
        "other digits": "١,A,B\n",
        "a byte order mark within": "1,\ufeffA,B\n",
    }
    for name, text in texts.items():
        yield name, cut((_HEAD + text + "last,L,M\n").encode())
    heads = {
        "one column": "id\n1\n",
        "no id": "sku,name\n1,A\n",
        "an empty name": "id,,title\n1,A,B\n",
        "a name twice": "id,title,title\n1,A,B\n",
        "no rows": "id,title\n",
        "a million names": "id" + ",a" * 1_000_000 + "\n",
        "names of a million characters": ",".join("n" * 1_000_000 for _ in range(5)) + "\n",
        "pipes": "id|title\n1|A\n",
        "an open quote": '"id,title\n1,A\n',
        "spaces": " id , title \n1,A\n",
        "capitals": "ID,Title\n1,A\n",
        "a separator line": "sep=;\nid;title\n1;A\n",
    }
    for name, text in heads.items():
        yield f"header with {name}", cut(text.encode())
    yield "a row without end", chain([b"id,title\n1,"], repeat(_BLOCK, _LONG // len(_BLOCK)))
    yield "a quoted cell without end", chain([b'id,title\n1,"'], repeat(b"x\n" * 30_000, 600))
    yield "commas without end", chain([b"id,title\n"], repeat(b"," * 65_536, _LONG // 65_536))
