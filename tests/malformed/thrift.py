"""Thrift's compact protocol, both ways, so that a Parquet file can be made to say anything of itself.

A struct is a dict of fields by their number, a list its values; each value is `[type, value]`.
"""

import struct
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 12
Value = list[Any]
Struct = dict[int, Value]


def varint(number: int) -> bytes:
    """Return a whole number that is not negative, seven bits a byte."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def zigzag(number: int) -> bytes:
    """Return a whole number of 64 bits."""
    return varint(((number << 1) ^ (number >> 63)) & (2**64 - 1))


class Reader:
    """Reads from a place in some bytes on; `at` is where it came to."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at

    def _take(self, size: int) -> bytes:
        self.at += size
        return self._data[self.at - size : self.at]

    def _varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def _number(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def struct(self) -> Struct:
        found: Struct = {}
        number = 0
        while head := self._take(1)[0]:
            number = number + (head >> 4) if head >> 4 else self._number()
            found[number] = self._value(head & 15)
        return found

    def _value(self, kind: int) -> Value:
        if kind in (TRUE, FALSE):
            return [kind, None]
        if kind == BYTE:
            return [kind, self._take(1)]
        if kind in (I16, I32, I64):
            return [kind, self._number()]
        if kind == DOUBLE:
            return [kind, self._take(8)]
        if kind == BINARY:
            return [kind, self._take(self._varint())]
        if kind == STRUCT:
            return [kind, self.struct()]
        assert kind == LIST
        head = self._take(1)[0]
        size = head >> 4 if head >> 4 < 15 else self._varint()
        return [kind, [self._value(head & 15) for _ in range(size)]]


def written(fields: Struct) -> bytes:
    """Return the bytes of a struct."""
    out = b""
    last = 0
    for number, (kind, value) in sorted(fields.items()):
        step = number - last
        out += bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + zigzag(number)
        out += _written(kind, value)
        last = number
    return out + b"\0"


def _written(kind: int, value: Any) -> bytes:
    if kind in (TRUE, FALSE):
        return b""
    if kind in (BYTE, DOUBLE):
        return bytes(value)
    if kind in (I16, I32, I64):
        return zigzag(value)
    if kind == BINARY:
        return varint(len(value)) + bytes(value)
    if kind == STRUCT:
        return written(value)
    of = value[0][0] if value else STRUCT
    size = bytes([len(value) << 4 | of]) if len(value) < 15 else bytes([0xF0 | of]) + varint(len(value))
    return size + b"".join(_written(*item) for item in value)


def footer_of(data: bytes) -> Struct:
    """Return what a Parquet file says of itself."""
    return Reader(data, len(data) - 8 - _footer_bytes(data)).struct()


def with_footer(data: bytes, footer: Struct | bytes) -> bytes:
    """Return the file with something else said of itself."""
    text = footer if isinstance(footer, bytes) else written(footer)
    return data[: -8 - _footer_bytes(data)] + text + struct.pack("<I", len(text)) + b"PAR1"


def _footer_bytes(data: bytes) -> int:
    return int(struct.unpack("<I", data[-8:-4])[0])


def at(fields: Struct, *path: int) -> Value:
    """Return the value at the end of a way through fields of structs and places in lists."""
    value: Value = [STRUCT, fields]
    for step in path:
        value = value[1][step]
    return value
