"""Probabilities of pairs that nothing was fitted on: enough to choose another threshold later."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import ArtifactError
from workers.trainer.train.parts import FIRST_HALF, SECOND_HALF, Roles, choosing, reporting
from workers.trainer.train.threshold import Flags, Rule, Scores, choose_threshold

_ROW: Final = np.dtype([("probability", "<f8"), ("duplicate", "?"), ("role", "u1")])


@dataclass(frozen=True, slots=True)
class HeldOut:
    """n pairs: probabilities (n,), truth (n,), and roles (n,) as `parts` names them."""

    chances: Scores
    duplicate: Flags
    roles: Roles

    def threshold(self, rule: Rule) -> float:
        """Return the threshold that the rule chooses."""
        chosen = choosing(self.roles)
        return choose_threshold(rule, self.chances[chosen], self.duplicate[chosen])

    def lacking(self, rule: Rule) -> str:
        """Say that no threshold has the precision that the rule wants; empty if one has."""
        chosen = choosing(self.roles)
        called = self.chances[chosen] >= self.threshold(rule)
        precision = float(self.duplicate[chosen][called].mean()) if called.any() else 0.0
        if rule.kind != "precision" or precision >= rule.precision:
            return ""
        return f"no threshold has precision {rule.precision:g} on held-out pairs; the best is {precision:.3f}"

    def called(self, rule: Rule) -> Flags:
        """Return which pairs are called duplicates, (n,), by thresholds that no pair had a part in choosing.

        One half is judged by the threshold of the other.
        """
        called = self.chances >= self.threshold(rule)
        for half in (FIRST_HALF, SECOND_HALF):
            mine, chosen = self.roles == half, choosing(self.roles, half)
            if mine.any() and chosen.any() and self.duplicate[chosen].any():
                least = choose_threshold(rule, self.chances[chosen], self.duplicate[chosen])
                called[mine] = self.chances[mine] >= least
        flags: NDArray[np.bool_] = called
        return flags

    def reported(self) -> Flags:
        """Return which pairs figures are about, (n,)."""
        return reporting(self.roles)

    def save(self, path: Path) -> None:
        """Write them as an array."""
        rows = np.empty(len(self.chances), _ROW)
        rows["probability"], rows["duplicate"], rows["role"] = self.chances, self.duplicate, self.roles
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rows)


def load_held_out(path: Path) -> HeldOut:
    """Read what `save` wrote.

    Raises:
        ArtifactError: it is missing, or something else.
    """
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} holds no held-out probabilities: {error}") from error
    if rows.dtype != _ROW:
        raise ArtifactError(f"{path} holds no held-out probabilities: it has the columns {rows.dtype.names}")
    return HeldOut(rows["probability"], rows["duplicate"], rows["role"])
