"""Vectors as they are stored: float16, which are of length 1 before they are rounded."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.index.arrays import Halves, Vectors

Sums = NDArray[np.uint64]

# Rounding changes the length by less than 1 in 2,048.
_SHIFTS: Final = (2e-4, -2e-4, 4e-4, -4e-4)
# float16 has 10 bits behind the point and exponents from -15, float32 has 23 and -127.
_SHIFT: Final = 23 - 10
_SCALE: Final = np.float32(2.0 ** (127 - 15))
_SIGN_AND_BELOW: Final = np.uint32(0x8FFFFFFF).view(np.int32)
_WORD: Final = 4
_SEED: Final = 20
# Vectors that are summed up at a time: they fit into the processor's cache.
_AT_ONCE: Final = 512


def units_of(halves: Halves | Vectors) -> Vectors:
    """Return vectors (n, dim) as float32 of length 1: rounding has moved them a little."""
    doubles = halves.astype(np.float64)
    units: Vectors = (doubles / np.sqrt((doubles * doubles).sum(axis=-1))[..., None]).astype(np.float32)
    return units


def widened(halves: Halves, room: Vectors) -> Vectors:
    """Return the same finite values (n, dim) as float32; they lie in room (m, dim) until it is used again.

    A float16 shifted to where float32 has its parts is too small by a power of two. This takes a third of the
    time of FAISS's decoder, a fifth of NumPy's `astype`.
    """
    floats = room[: len(halves)]
    bits = floats.view(np.int32)
    np.copyto(bits, halves.view(np.int16))
    np.left_shift(bits, _SHIFT, out=bits)
    # The sign was copied into the bits above.
    np.bitwise_and(bits, _SIGN_AND_BELOW, out=bits)
    return np.multiply(floats, _SCALE, out=floats)


def halves_of(vectors: Vectors | Halves) -> Halves:
    """Return float16 vectors (n, dim) that give these again when they are scaled to length 1.

    They exist for what was read from the store, which holds float16; others are rounded. Scaling may have
    moved a value by more than half of what float16 tells apart; undoing it by some amount hits it again.
    What is float16 already is as the store has it.
    """
    if vectors.dtype == np.float16:
        stored: Halves = vectors.astype(np.float16, copy=False)
        return stored
    halves = vectors.astype(np.float16)
    for shift in _SHIFTS:
        off = np.flatnonzero((units_of(halves) != vectors).any(axis=1))
        if not len(off):
            break
        tried = (vectors[off] * np.float32(1 + shift)).astype(np.float16)
        hit = (units_of(tried) == vectors[off]).all(axis=1)
        halves[off[hit]] = tried[hit]
    return halves


def sums_of(halves: Halves) -> Sums:
    """Return a checksum (n,) of each vector (n, dim).

    Words of four values times odd numbers that follow from nothing, modulo 2**64: a change of one word
    cannot stay unseen, one of several does with a chance of 2**-48 at most.
    """
    drawn = np.random.default_rng(_SEED).integers(2**64, size=-(-halves.shape[1] // _WORD), dtype=np.uint64)
    sums: Sums = np.empty(len(halves), np.uint64)
    for start in range(0, len(halves), _AT_ONCE):
        part = halves[start : start + _AT_ONCE]
        words = np.pad(part, ((0, 0), (0, -part.shape[1] % _WORD))).view(np.uint64)
        # The upper half of a product says little of the lower half of a word; so that is told of the upper.
        words ^= words >> np.uint64(32)
        np.einsum("nw,w->n", words, drawn | np.uint64(1), out=sums[start : start + _AT_ONCE])
    return sums
