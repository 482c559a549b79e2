"""The same edited photos, looked up with normalised scores."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from workers.trainer.evaluation.edit_run import answer, measure
from workers.trainer.evaluation.encoders import Vectors
from workers.trainer.evaluation.metrics import Answers
from workers.trainer.evaluation.normalisation import background_bias, normalise

BETAS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
NEIGHBOURS: Final = (1, 5, 20)


def measure_normalised(
    edited: Vectors,
    known: Vectors,
    background: Vectors,
    queries: Sequence[int],
    settings: Sequence[tuple[float, int]],
) -> list[dict[str, float]]:
    """Look all edited photos up once per setting.

    Args:
        edited: (queries, edits, d), unit length.
        known: (gallery, d), unit length.
        background: (m, d), unit length; none of these photos is in the gallery.
        queries: the position of each query's photo in the gallery.
        settings: (beta, neighbours) each; more neighbours than background photos count as all of these.

    Returns:
        Per setting `beta`, `neighbours` and the overall figures.
    """
    rows = []
    for beta, neighbours in settings:
        near = min(neighbours, len(background))
        answers = answer_normalised(edited, known, background, queries, (beta, near))
        rows.append({"beta": beta, "neighbours": near, **asdict(measure(answers)["overall"])})
    return rows


def answer_normalised(
    edited: Vectors,
    known: Vectors,
    background: Vectors,
    queries: Sequence[int],
    setting: tuple[float, int],
) -> Answers:
    """Look all edited photos up with one setting; see `measure_normalised`."""
    beta, near = setting
    right = background_bias(known, background, near)
    left = background_bias(edited.reshape(-1, edited.shape[2]), background, near).reshape(edited.shape[:2])
    return answer(edited, known, queries, lambda number, scores: normalise(scores, left[number], right, beta))


def grid() -> list[tuple[float, int]]:
    """List the settings that are tried: all betas with all numbers of neighbours."""
    return [(beta, neighbours) for beta in BETAS for neighbours in NEIGHBOURS]
