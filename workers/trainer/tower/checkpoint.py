"""An unfinished run in one file: safetensors, with what are no tensors as JSON in the file's metadata."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from workers.trainer.tower.errors import Refused


@dataclass(frozen=True)
class State:
    """Where a run stands.

    Attributes:
        tensors: weights, moments, orders of photos, states of generators; on any device.
        facts: numbers and texts, as JSON has them.
    """

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


class Checkpoint:
    """The file of one run.

    Another run, that is another recipe or other photos, is never gone on with: `identity` tells.
    """

    def __init__(self, file: Path, identity: Mapping[str, Any]) -> None:
        """Name the file, and what the run is, flat and as JSON has it."""
        self.file = file
        self.identity = dict(json.loads(json.dumps(identity)))

    def write(self, state: State) -> None:
        """Keep where the run stands; at any time the file is whole, the old one or the new."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(".partial")
        tensors = {name: value.detach().contiguous() for name, value in state.tensors.items()}
        metadata = {"identity": json.dumps(self.identity), "facts": json.dumps(state.facts)}
        save_file(tensors, partial, metadata=metadata)
        _sync(partial)
        partial.replace(self.file)
        _sync(self.file.parent)

    def read(self) -> State | None:
        """Give where the run stood, or None where nothing was kept.

        Raises:
            Refused: the file is broken, or another run's.
        """
        if not self.file.exists():
            return None
        try:
            with safe_open(self.file, "pt") as content:
                metadata = content.metadata()
                tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise Refused(f"{self.file} is broken: --fresh starts over") from error
        kept = json.loads(metadata["identity"])
        changed = [
            f"{name} was {kept.get(name)}, is {self.identity.get(name)}"
            for name in sorted(kept | self.identity)
            if kept.get(name) != self.identity.get(name)
        ]
        if changed:
            raise Refused(f"an unfinished run lies there ({'; '.join(changed)}): --fresh starts over")
        return State(tensors, json.loads(metadata["facts"]))

    def remove(self) -> None:
        """Forget the run."""
        self.file.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Wait until a file or the entries of a folder are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
