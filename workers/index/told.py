"""What each kind of token says about many pairs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shared.messages import Conflict
from workers.index.arrays import Scores
from workers.index.pairing import Pairing, Places
from workers.index.tokens.conflicts import KINDS, Comparison, State, conflict_of


@dataclass(frozen=True, slots=True)
class Told:
    """What one kind of token says about n pairs: `comparisons[of_pair[i]]` about pair i, `conflicts` too."""

    comparisons: list[Comparison]
    conflicts: list[Conflict | None]
    of_pair: Places

    def flags(self, state: State) -> Scores:
        """Return 1 where a pair is in the state, else 0, (n,)."""
        flags = np.array([said.state == state for said in self.comparisons], np.float64)
        return flags[self.of_pair]


def compare(pairing: Pairing) -> dict[str, Told]:
    """Return what each of KINDS says about the pairs."""
    told = {}
    for name, kind in KINDS.items():
        found = pairing.combinations(kind.read)
        said = found.compared(kind.compare)
        told[name] = Told(said, [conflict_of(name, each) for each in said], found.of_pair)
    return told


def conflicts_at(told: Mapping[str, Told], pair: int) -> tuple[Conflict, ...]:
    """Return the contradictions of one pair."""
    found = (said.conflicts[said.of_pair[pair]] for said in told.values())
    return tuple(conflict for conflict in found if conflict is not None)
