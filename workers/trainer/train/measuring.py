"""Measures a classifier on labelled data: retrieval, pairs, listings and groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workers.index.classifier import SituationModel
from workers.index.features import Situation
from workers.index.scoring import Measurements
from workers.trainer.datasets.labelled import SPLITS, PairBenchmark, Split
from workers.trainer.report.findings import JudgedPairs, PairRow, pair_figures
from workers.trainer.report.metrics import b_cubed, largest, matches_of, row_f1
from workers.trainer.train.candidates import HELD, Candidates, Ids, judge
from workers.trainer.train.judging import judged, judged_crosswise
from workers.trainer.train.notebook import fit_notebook
from workers.trainer.train.parts import Parts, reporting
from workers.trainer.train.random_pairs import random_pairs
from workers.trainer.train.retrieval import retrieval_figures
from workers.trainer.train.source import Flags, Source
from workers.trainer.train.threshold import Rule

OURS, NOTEBOOK = "this classifier", "the notebook's"
# Fewer random pairs of a kind cannot be split in four.
_LEAST = 8
Models = Mapping[Situation, SituationModel]


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured; `rows` as `report.findings` shows them, `judged` the pairs behind the first row."""

    retrieval: dict[str, dict[str, float]]
    rows: tuple[PairRow, ...]
    judged: JudgedPairs
    catalog: dict[str, float]


@dataclass(frozen=True, slots=True)
class Held:
    """What is held out, and how thresholds were chosen; without parts, everything is measured."""

    parts: Parts | None
    rule: Rule
    fitted: frozenset[Situation]
    seed: int


def measure_all(source: Source, models: Models, held: Held) -> Measures:
    """Measure the classifier on the data as it is, whatever its listings lack."""
    asked = held.parts.asked() if held.parts else None
    with source.open(HELD["image_text"]) as opened:
        pairs = source.pairs(opened)
        duplicate = source.labels(pairs)
        measured = opened.measure(pairs)
        found = _judged(pairs, measured, duplicate, models, held)
        rows = [PairRow(OURS, honest_pairs(source), True, pair_figures(found))]
        rows += _notebook_rows(source, opened, models, held, (pairs, measured, duplicate))
        return Measures(
            retrieval=retrieval_figures(opened, source.relevant(), set(asked) if asked is not None else None),
            rows=tuple(rows),
            judged=found,
            catalog=_catalog(source, opened, pairs, measured, models, asked),
        )


def honest_pairs(source: Source) -> str:
    """Return what the pairs are that say how a classifier does in use."""
    return "labelled pairs" if isinstance(source.data, PairBenchmark) else "retrieved candidates"


def _judged(
    pairs: list[Ids], measured: Measurements, duplicate: Flags, models: Models, held: Held
) -> JudgedPairs:
    if held.parts is None:
        return judged(pairs, measured, duplicate, judge(measured, models))
    roles = held.parts.roles(pairs, duplicate)
    return judged_crosswise(pairs, measured, duplicate, models, roles, held.rule, held.fitted)


def _notebook_rows(
    source: Source,
    opened: Candidates,
    models: Models,
    held: Held,
    retrieved: tuple[list[Ids], Measurements, Flags],
) -> list[PairRow]:
    """Return what the notebook's regression does on retrieved pairs, and both do on random ones."""
    drawn, labels = _drawn(opened, *random_pairs(source.data, held.seed))
    if min(labels.sum(), (~labels).sum()) < _LEAST:
        return []
    regression, quarter = fit_notebook(drawn, opened.measure(drawn), labels, held.seed)
    theirs = regression.judge(*retrieved)
    if held.parts is not None:
        theirs = theirs.where(reporting(held.parts.roles(retrieved[0], retrieved[2])))
    asked, benchmark = (held.parts.asked(), held.parts.benchmark) if held.parts else (None, None)
    splits: tuple[Split, ...] = SPLITS if benchmark is None else ("test",)
    unseen, labels = _drawn(opened, *random_pairs(source.data, held.seed, asked, splits))
    measured = opened.measure(unseen)
    ours = judged(unseen, measured, labels, judge(measured, models))
    return [
        PairRow(NOTEBOOK, honest_pairs(source), True, pair_figures(theirs)),
        PairRow(OURS, "random negatives", False, pair_figures(ours)),
        PairRow(NOTEBOOK, "random negatives", False, pair_figures(quarter)),
    ]


def _drawn(opened: Candidates, pairs: list[Ids], labels: Flags) -> tuple[list[Ids], Flags]:
    """Leave out pairs of listings that have nothing to compare."""
    known = set(opened.known(pairs))
    there = np.array([pair in known for pair in pairs], bool)
    return [pair for pair in pairs if pair in known], labels[there]


def _catalog(
    source: Source,
    opened: Candidates,
    pairs: Sequence[Ids],
    measured: Measurements,
    models: Models,
    asked: list[str] | None,
) -> dict[str, float]:
    """Return figures over listings and groups; none for a benchmark, whose labels are of pairs alone."""
    if isinstance(source.data, PairBenchmark):
        return {}
    groups = source.data.groups
    decided = judge(measured, models)
    called = [pairs[i] for i in np.flatnonzero(decided.are("duplicate")).tolist()]
    found = opened.groups(pairs, decided)
    shares = b_cubed(found, groups, asked)
    relevant = source.relevant()
    wanted = {(min(a, b), max(a, b)) for a in (groups if asked is None else asked) for b in relevant[a]}
    return {
        "row_f1": round(row_f1(matches_of(called), groups, asked), 4),
        "row_f1_of_nothing": round(row_f1({}, groups, asked), 4),
        "b_cubed_precision": round(shares.precision, 4),
        "b_cubed_recall": round(shares.recall, 4),
        "b_cubed_f1": round(shares.f1, 4),
        "groups": len(found),
        "largest_group": largest(found),
        "largest_true_group": max(len(others) for others in relevant.values()) + 1,
        "pairs_never_found": len(wanted - set(pairs)),
        "listings_asked": len(groups if asked is None else asked),
    }
