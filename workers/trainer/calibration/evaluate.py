"""What a classifier does on whole catalogs it was not fitted on: pairs, groups, same-photo variants."""

from collections.abc import Iterable, Mapping
from itertools import combinations

from workers.index.classifier import SituationModel
from workers.index.features import Situation
from workers.index.grouping import group_pairs
from workers.index.verdicts import decide
from workers.trainer.calibration.corpus import Corpus
from workers.trainer.calibration.examples import Examples

Ids = tuple[str, str]
Models = Mapping[Situation, SituationModel]


def evaluate(examples: Iterable[Examples], models: Models) -> dict[str, float]:
    """Return figures over all duplicate pairs of the catalogs, whether a channel found them or not."""
    counts: dict[str, int] = {}
    for found in examples:
        for name, count in _count(found, models).items():
            counts[name] = counts.get(name, 0) + count
    shares = {
        "candidate_recall": ("found", "true"),
        "pair_precision": ("pair_hits", "pairs"),
        "pair_recall": ("pair_hits", "true"),
        "group_precision": ("group_hits", "group_pairs"),
        "group_recall": ("group_hits", "true"),
        "same_photo_variants_called_duplicate": ("same_photo_wrong", "same_photo"),
        "variants_called_variant": ("variant_hits", "variants"),
    }
    return {
        "duplicate_pairs": counts["true"],
        "same_photo_variants": counts["same_photo"],
        **{name: round(counts[top] / max(counts[below], 1), 4) for name, (top, below) in shares.items()},
    }


def true_pairs(corpus: Corpus) -> set[Ids]:
    """Return the duplicate pairs of a catalog."""
    members: dict[str, list[str]] = {}
    for listing, product in sorted(corpus.products.items()):
        members.setdefault(product, []).append(listing)
    return {pair for listings in members.values() for pair in combinations(listings, 2)}


def _count(found: Examples, models: Models) -> dict[str, int]:
    scored = decide(found.measured, models, None).scored(found.ids)
    true, candidates = true_pairs(found.corpus), set(found.ids)
    called = {(pair.a, pair.b) for pair in scored if pair.verdict == "duplicate"}
    groups = group_pairs(scored)
    grouped = {pair for group in groups for pair in combinations(group, 2)}
    variants = {pair for i, pair in enumerate(found.ids) if found.related[i] and not found.duplicate[i]}
    told = {(pair.a, pair.b) for pair in scored if pair.verdict == "variant"}
    return {
        "true": len(true),
        "found": len(true & candidates),
        "pairs": len(called),
        "pair_hits": len(called & true),
        "group_pairs": len(grouped),
        "group_hits": len(grouped & true),
        "same_photo": len(found.corpus.same_photo_variants),
        "same_photo_wrong": len(found.corpus.same_photo_variants & called),
        "variants": len(variants),
        "variant_hits": len(variants & told),
    }
