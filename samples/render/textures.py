"""Grey texture banks (wood, cloth, stone, paper, grain), made once per process and cut from at random."""

from functools import lru_cache

import numpy as np
from PIL import Image

from samples.render.kit import Floats

SIDE = 1024
"""Side of a bank in pixels; it repeats seamlessly enough for a table top."""


def _noise(rows: int, columns: int, seed: int) -> Floats:
    """Return SIDE x SIDE noise, mean 0, deviation about 1, features SIDE/rows high and SIDE/columns wide."""
    drawn = np.random.default_rng(seed).random((rows, columns), dtype=np.float32) - 0.5
    image = Image.fromarray(drawn).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(np.asarray(image) * 3.4, dtype=np.float32)


@lru_cache(maxsize=16)
def bank(name: str) -> Floats:
    """Return the SIDE x SIDE bank `name`: factors around 1, for "grain" offsets around 0 (8-bit levels)."""
    if name == "grain":
        sharp = np.random.default_rng(11).integers(-128, 128, (SIDE, SIDE)).astype(np.float32) / 52
        return np.asarray(sharp + _noise(512, 512, 12), dtype=np.float32)
    if name == "wood":
        return _wood()
    if name == "cloth":
        lines = np.tile(np.array([1.03, 1.0, 0.95, 0.99], dtype=np.float32), SIDE // 4)
        weave = lines[None, :] * np.roll(lines, 1)[:, None]
        return np.asarray(
            weave * (1 + 0.03 * _noise(340, 90, 21) + 0.03 * _noise(8, 6, 22)), dtype=np.float32
        )
    if name == "stone":
        vein = np.abs(_noise(7, 9, 31) + 0.5 * _noise(20, 24, 32) + 0.25 * _noise(60, 60, 33))
        veined = 1.0 - 0.2 * np.exp(-((vein / 0.09) ** 2)) + 0.03 * _noise(12, 12, 34)
        return np.asarray(veined, dtype=np.float32)
    return np.asarray(1 + 0.012 * _noise(300, 300, 41) + 0.015 * _noise(40, 40, 42), dtype=np.float32)


def _wood() -> Floats:
    """Long fibres, slow bands and the seams of boards."""
    grain = 0.05 * _noise(400, 6, 51) + 0.07 * _noise(60, 4, 52) + 0.02 * _noise(700, 40, 53)
    board = SIDE // 6
    rows = np.arange(SIDE)
    tone = np.random.default_rng(54).uniform(-0.1, 0.1, 7).astype(np.float32)[rows // board]
    seam = np.where(rows % board < 3, 0.62, 1.0).astype(np.float32)
    return np.asarray((1 + grain + tone[:, None]) * seam[:, None], dtype=np.float32)


def cut(name: str, width: int, height: int, at: tuple[int, int], *, squeeze: float = 1.0) -> Floats:
    """Return height x width of a bank from the place `at`, its rows pressed together by `squeeze`."""
    rows = min(SIDE, int(height * squeeze))
    x, y = at[0] % (SIDE - width + 1), at[1] % (SIDE - rows + 1)
    piece = bank(name)[y : y + rows, x : x + width]
    if rows == height:
        return piece
    picture = Image.fromarray(piece).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(picture, dtype=np.float32)
