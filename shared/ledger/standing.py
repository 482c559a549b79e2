"""How far the work of all jobs is from standing still."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from shared.messages import Stage


@dataclass(frozen=True, slots=True)
class Standing:
    """One stage over all jobs; seconds by Redis's clock.

    A job waits from its first unit of the stage, or from the last of them that was done: a large job that
    gets on does not wait long. `done_s` is how long ago a unit of any job was done; None, like `oldest_s`,
    where there is no such time.
    """

    jobs: int
    oldest_s: float | None
    done_s: float | None


def read_standing(answer: Sequence[str | int]) -> dict[Stage, Standing]:
    """Read the script's answer: four values a stage."""
    return {
        cast(Stage, answer[i]): Standing(
            int(answer[i + 1]), _seconds(int(answer[i + 2])), _seconds(int(answer[i + 3]))
        )
        for i in range(0, len(answer), 4)
    }


def _seconds(ms: int) -> float | None:
    return None if ms < 0 else ms / 1000
