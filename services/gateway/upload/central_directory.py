"""Size of a ZIP's table of entries, read before `zipfile` loads it whole into memory.

Follows `zipfile`'s own search, so that both look at the same record (APPNOTE.TXT 4.3.14 to 4.3.16).
"""

import struct
from typing import BinaryIO

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_MAX_COMMENT_BYTES = 65_535
_IN_END64 = 0xFFFFFFFF


def _end_offset(tail: bytes) -> int:
    last = len(tail) - _END.size
    if last >= 0 and tail[last:].startswith(b"PK\x05\x06") and tail.endswith(b"\0\0"):
        return last
    return tail.rfind(b"PK\x05\x06")


def central_directory_bytes(file: BinaryIO) -> int:
    """Return how many bytes of entries the archive declares.

    Raises:
        ValueError: there is no end record; the file is not a ZIP, or was cut short.
    """
    size = file.seek(0, 2)
    start = max(0, size - _END.size - _MAX_COMMENT_BYTES)
    file.seek(start)
    tail = file.read()
    offset = _end_offset(tail)
    if offset < 0 or len(tail) - offset < _END.size:
        raise ValueError("no end record: not a ZIP, or cut short")
    declared = int(_END.unpack_from(tail, offset)[5])
    locator_at = start + offset - _LOCATOR.size
    if locator_at < 0:
        return declared
    file.seek(locator_at)
    signature, _, record_at, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if signature != b"PK\x06\x07":
        return declared
    # zipfile reads the record that lies just before its locator, wherever the locator points.
    sizes = [declared] if declared != _IN_END64 else []
    for position in (locator_at - _END64.size, record_at):
        if 0 <= position <= size - _END64.size:
            file.seek(position)
            record = _END64.unpack(file.read(_END64.size))
            if record[0] == b"PK\x06\x06":
                sizes.append(int(record[8]))
    return max(sizes, default=declared)
