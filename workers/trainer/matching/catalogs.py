"""Whole catalogs through the index worker's code: a sample shop of 10,000 listings, and the chain set.

Seeds that nothing was fitted on. `python -m workers.trainer.matching --only catalogs`.
"""

import random
from collections import Counter
from pathlib import Path

from samples import chains
from samples.plan import plan
from shared.messages import Group, Pair
from shared.profile import load_profile
from shared.settings import EncoderSettings, IndexSettings
from workers.encoder.models import build_encoders
from workers.index.classifiers import Classifiers
from workers.index.matcher import Matcher
from workers.trainer.matching.grouping_methods import connected
from workers.trainer.matching.index_run import IndexRun, index_run
from workers.trainer.matching.same_photo import same_photo_figures
from workers.trainer.matching.sample_catalog import SampleCatalog, sample_catalog
from workers.trainer.report.metrics import b_cubed, largest

LISTINGS, SEED = 10_000, 301
CHAIN_LISTINGS, CHAIN_SEED = 1_000, 401
_PROFILE = "bundled"


def run(data: Path, work: Path) -> dict[str, float]:
    """Return the figures; photos and embeddings are drawn here, so nothing in `data` is needed.

    Some minutes the first time; what was drawn and encoded is kept under `work`.
    """
    del data
    encoding, indexing = EncoderSettings(), IndexSettings()
    encoders = build_encoders(*load_profile(_PROFILE, encoding.artifacts_dir), encoding)
    matcher = Matcher(Classifiers.load(indexing.classifiers_dir), indexing.pair_floor)
    folder = work / "catalogs"
    figures: dict[str, float] = {}
    for name, planner, listings, seed in (
        ("sample10k", plan, LISTINGS, SEED),
        ("chains", chains.plan, CHAIN_LISTINGS, CHAIN_SEED),
    ):
        sample = sample_catalog(folder, listings, seed, planner, encoders)
        found = measured(name, sample, folder / "index", matcher, indexing.max_group)
        figures |= {f"{name}_{figure}": value for figure, value in found[0].items()}
        if name == "sample10k":
            figures |= same_photo_figures(
                sample, (Pair.model_validate_json(pair.message) for pair in found[1].pairs)
            )
    return figures


def measured(
    name: str, sample: SampleCatalog, folder: Path, matcher: Matcher, max_group: int
) -> tuple[dict[str, float], IndexRun]:
    """Return the figures of a catalog's groups, and the run that they are of."""
    once = index_run(folder / name, sample.listings, sample.embeddings, matcher, max_group)
    shuffled = list(sample.listings)
    random.Random(SEED).shuffle(shuffled)
    again = index_run(folder / f"{name}-shuffled", shuffled, sample.embeddings, matcher, max_group)
    groups = [[member.id for member in group.members] for group in once.groups]
    shares = b_cubed(groups, sample.products)
    scored = [pair.scored for pair in once.pairs]
    figures = {
        "b3_precision": shares.precision,
        "b3_recall": shares.recall,
        "b3_f1": shares.f1,
        "largest_group": largest(groups),
        "largest_true_group": max(Counter(sample.products.values()).values()),
        "largest_connected": largest(connected(scored)),
        "groups": len(groups),
        "groups_to_review": sum(group.review for group in once.groups),
        "same_in_any_order": float(told(once.groups) == told(again.groups)),
        **{f"{stage}_s": seconds for stage, seconds in once.seconds.items()},
    }
    return {figure: round(float(value), 4) for figure, value in figures.items()}, once


def told(groups: tuple[Group, ...]) -> list[tuple[str, str, tuple[str, ...], str | None]]:
    """Return what may not depend on the order of listings; probabilities may, in their last digits."""
    return [
        (group.id, group.canonical, tuple(member.id for member in group.members), group.review_reason)
        for group in groups
    ]
