"""The embedding block: what goes in comes out, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.blocks import ModalityHeader, pack, unpack
from shared.errors import CorruptBlock
from shared.messages import Rejection

IMAGE = ModalityHeader(modality="image", model="m#1", dim=3, rows=(1, 4))
TEXT = ModalityHeader(modality="text", model="t#1", dim=2, rows=(1,))
REJECTION = Rejection(row=2, listing_id="b", code="image_broken", detail="no")
BLOCK = pack([(IMAGE, bytes(range(12))), (TEXT, b"\x01\x02\x03\x04")], (REJECTION,))


def test_a_block_comes_back_as_it_was() -> None:
    header, parts = unpack(BLOCK)
    assert header.modalities == (IMAGE, TEXT)
    assert header.rejections == (REJECTION,)
    assert parts == [bytes(range(12)), b"\x01\x02\x03\x04"]


def test_a_block_may_be_empty() -> None:
    header, parts = unpack(pack([], (REJECTION,)))
    assert (header.modalities, parts) == ((), [])


@pytest.mark.parametrize("length", range(len(BLOCK)))
def test_a_cut_block_is_refused(length: int) -> None:
    with pytest.raises(CorruptBlock):
        unpack(BLOCK[:length])


@given(st.integers(0, len(BLOCK) - 1), st.integers(1, 255))
def test_a_damaged_block_is_refused_or_keeps_its_vectors(position: int, change: int) -> None:
    damaged = bytearray(BLOCK)
    damaged[position] ^= change
    try:
        _, parts = unpack(bytes(damaged))
    except CorruptBlock:
        return
    # Damage to a name in the header goes unnoticed here; the index refuses a model it does not know.
    assert parts == [bytes(range(12)), b"\x01\x02\x03\x04"]


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CorruptBlock):
        unpack(data)
    with pytest.raises(CorruptBlock):
        unpack(b"DPL1" + data)
