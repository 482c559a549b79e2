"""Embedding block: the embeddings of one chunk as they travel from encoder to index.

Layout: magic `DPL1`, header length (u32, little endian), header (JSON), payload. The payload is each
modality's matrix, row-major little-endian float16, in the order of the header. Raw bytes, because JSON
lists of floats are ten times larger and a hundred times slower to parse.
"""

import struct
import zlib
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from shared.errors import CorruptBlock
from shared.messages import Message, Rejection

_MAGIC = b"DPL1"
_PREFIX = struct.Struct("<4sI")
_BYTES_PER_VALUE = 2


class ModalityHeader(Message):
    """Which rows of the chunk have a vector of this modality, of which model."""

    modality: Literal["image", "text"]
    model: str
    dim: Annotated[int, Field(gt=0, le=8192)]
    rows: tuple[int, ...]


class BlockHeader(Message):
    """What a block holds; `rejections` are the listings of the chunk that could not be encoded."""

    modalities: tuple[ModalityHeader, ...]
    rejections: tuple[Rejection, ...] = ()
    crc32: int


def pack(matrices: list[tuple[ModalityHeader, bytes]], rejections: tuple[Rejection, ...] = ()) -> bytes:
    """Return a block; each matrix is `len(header.rows) * header.dim` float16 values as bytes."""
    payload = b"".join(data for _, data in matrices)
    header = BlockHeader(
        modalities=tuple(head for head, _ in matrices), rejections=rejections, crc32=zlib.crc32(payload)
    )
    encoded = header.model_dump_json().encode()
    return _PREFIX.pack(_MAGIC, len(encoded)) + encoded + payload


def unpack(block: bytes) -> tuple[BlockHeader, list[bytes]]:
    """Return header and one byte string per modality.

    Raises:
        CorruptBlock: the bytes are not a block, are cut short, or fail their checksum.
    """
    if len(block) < _PREFIX.size or block[:4] != _MAGIC:
        raise CorruptBlock("not an embedding block")
    _, length = _PREFIX.unpack_from(block)
    payload = block[_PREFIX.size + length :]
    try:
        header = BlockHeader.model_validate_json(block[_PREFIX.size : _PREFIX.size + length])
    except ValidationError as error:
        raise CorruptBlock(f"unreadable header of an embedding block: {error.errors()[0]['msg']}") from error
    sizes = [len(m.rows) * m.dim * _BYTES_PER_VALUE for m in header.modalities]
    if sum(sizes) != len(payload):
        raise CorruptBlock(
            f"an embedding block should hold {sum(sizes)} bytes of vectors, not {len(payload)}"
        )
    if zlib.crc32(payload) != header.crc32:
        raise CorruptBlock("an embedding block fails its checksum")
    parts, start = [], 0
    for size in sizes:
        parts.append(payload[start : start + size])
        start += size
    return header, parts
