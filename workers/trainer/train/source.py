"""Labelled data with its embeddings: where pairs come from, and what they are."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.messages import Listing
from workers.index.arrays import Modality
from workers.index.background import Background
from workers.index.features import Setting
from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.embedding import Embeddings
from workers.trainer.report.metrics import others_of_group
from workers.trainer.train.candidates import Candidates, Ids

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Source:
    """A data set ready to be matched; `k` candidates per channel and listing are asked for."""

    data: LabelledCatalog | PairBenchmark
    embeddings: Embeddings
    background: Background | None
    k: int

    @property
    def tables(self) -> list[Sequence[Listing]]:
        """The listings: one table, or the left and the right one."""
        if isinstance(self.data, PairBenchmark):
            return [self.data.left, self.data.right]
        return [self.data.listings]

    @property
    def settings(self) -> tuple[Setting, Setting]:
        """Where its pairs come from when they are retrieved, and when they are compared alone."""
        return ("across" if isinstance(self.data, PairBenchmark) else "within", "alone")

    @contextmanager
    def open(self, modalities: Sequence[Modality]) -> Iterator[Candidates]:
        """Open the listings as if they had only these modalities."""
        with (
            tempfile.TemporaryDirectory() as folder,
            Candidates(Path(folder), self.tables, self.embeddings, modalities, self.background) as opened,
        ):
            yield opened

    def pairs(self, opened: Candidates) -> list[Ids]:
        """Return the labelled pairs of a benchmark, else what retrieval returns."""
        if isinstance(self.data, PairBenchmark):
            labelled = {
                (pair.left, pair.right): None for split in self.data.splits.values() for pair in split
            }
            return opened.known(labelled)
        return opened.retrieved(self.k)

    def labels(self, pairs: Sequence[Ids]) -> Flags:
        """Return of each pair whether it is a duplicate, (n,)."""
        if isinstance(self.data, PairBenchmark):
            true = {(a, b) for a, found in self.data.matches().items() for b in found}
            return np.array([pair in true for pair in pairs], bool)
        return np.array([self.data.same(a, b) for a, b in pairs], bool)

    def relevant(self) -> dict[str, set[str]]:
        """Return, per listing, its duplicates."""
        if isinstance(self.data, PairBenchmark):
            return self.data.matches()
        return others_of_group(self.data.groups)
