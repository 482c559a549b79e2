"""Layouts beside the catalog's database: a cache, checked before it is believed, that may be deleted."""

import logging
import os
from dataclasses import fields
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np

from workers.index.arrays import Modality
from workers.index.layout import Layout

log = logging.getLogger(__name__)

# To be raised when a file would be read otherwise than it was meant.
_MAGIC: Final = b"doppel layout 1\n"
_DIGEST: Final = 32
_ARRAYS: Final = tuple(field.name for field in fields(Layout))


class LayoutFiles:
    """One file for each modality in the catalog's folder: magic, BLAKE2b of the rest, NumPy's `.npz`.

    The digest tells what is damaged, the model's name what is another's; what a listing's vector was is told
    vector by vector (`Layout.cells_of`), so a file may be as old as it likes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, modality: Modality, model: str) -> Layout | None:
        """Return the layout of vectors of the model, None if there is none that can be believed."""
        path = self._path(modality)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("a layout cannot be read", extra={"path": str(path), "error": str(error)})
            return None
        start = len(_MAGIC) + _DIGEST
        if content[:start] != _head(content[start:]):
            log.warning(
                "a layout is damaged or of another version, it is made anew", extra={"path": str(path)}
            )
            return None
        with np.load(BytesIO(content[start:]), allow_pickle=False) as held:
            if str(held["model"]) != model:
                return None
            arrays = {name: held[name] for name in _ARRAYS}
        return Layout(**arrays | {"size": int(arrays["size"])})

    def write(self, modality: Modality, model: str, layout: Layout) -> None:
        """Replace the file; what was there stays if that fails, which only costs time at the next opening."""
        path = self._path(modality)
        buffer = BytesIO()
        np.savez(buffer, model=np.array(model), **{name: getattr(layout, name) for name in _ARRAYS})
        unfinished = path.with_suffix(".unfinished")
        try:
            with unfinished.open("wb") as file:
                file.write(_head(buffer.getbuffer()))
                file.write(buffer.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError as error:
            log.warning("a layout cannot be written", extra={"path": str(path), "error": str(error)})

    def _path(self, modality: Modality) -> Path:
        return self._folder / f"{modality}.layout"


def _head(payload: bytes | memoryview) -> bytes:
    return _MAGIC + blake2b(payload, digest_size=_DIGEST).digest()
