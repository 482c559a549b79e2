"""A head: a linear projection behind a frozen model, trained on the labels of a catalog.

The identity leaves every vector as it was, so that training starts from the model itself.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from shared.errors import ArtifactError
from shared.profile import HeadFile
from workers.encoder.ports import Floats
from workers.encoder.vectors import unit_rows

_DIGITS: Final = 12


@dataclass(frozen=True)
class Head:
    """The projection of one modality: float32 (dim of the model, dim of the result)."""

    projection: Floats

    def __post_init__(self) -> None:
        """Refuse what is not a matrix of numbers.

        Raises:
            ArtifactError: it is not.
        """
        if self.projection.ndim != 2 or not self.projection.size:
            raise ArtifactError(f"a head's projection has shape {self.projection.shape}, not two dimensions")
        if not np.isfinite(self.projection).all():
            raise ArtifactError("a head's projection is not finite")

    @property
    def dim(self) -> int:
        """Length of a projected vector."""
        return int(self.projection.shape[1])

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of the file that `save` writes."""
        return hashlib.sha256(self._content()).hexdigest()

    def follow(self, model: str) -> str:
        """Return the name of a model's vectors behind this head."""
        return f"{model}+head-{self.sha256[:_DIGITS]}"

    def apply(self, vectors: Floats) -> Floats:
        """Return the projections, float32 (n, dim), each of length 1, of vectors (n, dim of the model).

        Computed in float64, so that a vector does not depend on its batch.

        Raises:
            ArithmeticError: a projection is zero.
        """
        return unit_rows(vectors.astype(np.float64) @ self.projection)

    def save(self, path: Path) -> HeadFile:
        """Write the weights as safetensors and return what a manifest in the same folder says of them."""
        content = self._content()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return HeadFile(file=path.name, sha256=hashlib.sha256(content).hexdigest(), dim=self.dim)

    @classmethod
    def load(cls, path: Path) -> "Head":
        """Read weights that `save` wrote.

        Raises:
            ArtifactError: the file is missing or is not a head.
        """
        try:
            return cls(load(path.read_bytes())["projection"])
        except (OSError, SafetensorError, KeyError) as error:
            raise ArtifactError(f"{path} is not a head: {error}") from error

    def _content(self) -> bytes:
        content: bytes = save({"projection": np.ascontiguousarray(self.projection, np.float32)})
        return content


def find_head(choice: HeadFile, folder: Path, dim: int) -> Head:
    """Return the head that the manifest in `folder` names, for a model of `dim`.

    Raises:
        ArtifactError: it is missing, another one, or does not fit the model.
    """
    path = folder / choice.file
    head = Head.load(path)
    if head.sha256 != choice.sha256:
        raise ArtifactError(f"{path} is not the head that the profile names: its sha256 is {head.sha256}")
    if head.projection.shape != (dim, choice.dim):
        raise ArtifactError(
            f"{path} has shape {head.projection.shape}; the model and the profile ask for {(dim, choice.dim)}"
        )
    return head
