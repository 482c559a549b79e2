"""Compares ways to make groups: `python -m workers.trainer.matching.grouping_comparison`.

On the pairs of a held-out sample shop, with both modalities and with each alone, and on the chain set.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from samples import chains
from samples.plan import plan
from shared.profile import load_profile
from shared.settings import EncoderSettings, IndexSettings
from workers.encoder.models import build_encoders
from workers.index.arrays import MODALITIES, Modality
from workers.index.classifiers import Classifiers
from workers.index.grouping import group_pairs
from workers.index.matcher import Matcher
from workers.index.store.pairs import ScoredPair
from workers.trainer.matching import grouping_methods as rivals
from workers.trainer.matching.index_run import index_run
from workers.trainer.matching.sample_catalog import sample_catalog
from workers.trainer.report.metrics import b_cubed, largest

Method = Callable[[Sequence[ScoredPair]], list[tuple[str, ...]]]
METHODS: Final[dict[str, Method]] = {
    "connected components": rivals.connected,
    "star": rivals.star,
    "greedy merge": rivals.greedy,
    "complete link": rivals.complete_link,
    "average link": rivals.average_link,
    "correlation": rivals.correlation,
    "ours": group_pairs,
}
_SHOP: Final = (plan, 1_500, 302)
_CHAINS: Final = (chains.plan, 1_000, 401)


def main() -> None:
    """Print a table per catalog, and the seconds for 300,000 pairs."""
    encoding, indexing = EncoderSettings(), IndexSettings()
    encoders = build_encoders(*load_profile("bundled", encoding.artifacts_dir), encoding)
    matcher = Matcher(Classifiers.load(indexing.classifiers_dir), indexing.pair_floor)
    work = Path(".run/eval/catalogs")
    ways: dict[str, Sequence[Modality]] = {"both": MODALITIES, "titles": ("text",), "photos": ("image",)}
    for name, (planner, listings, seed) in {"shop": _SHOP, "chains": _CHAINS}.items():
        sample = sample_catalog(work, listings, seed, planner, encoders)
        for way, modalities in ways.items():
            found = index_run(work / "index", sample.listings, sample.embeddings, matcher, 50, modalities)
            pairs = [pair.scored for pair in found.pairs]
            print(f"\n{name}, {way}")  # noqa: T201 - the command's answer
            print(compared(pairs, sample.products))  # noqa: T201
    pairs = many_pairs(100_000, 300_000)
    began = time.perf_counter()
    group_pairs(pairs)
    print(f"\n{len(pairs)} pairs of 100,000 listings: {time.perf_counter() - began:.1f} s")  # noqa: T201


def compared(pairs: Sequence[ScoredPair], products: dict[str, str]) -> str:
    """Return a table of B-cubed figures and the largest group per method."""
    true = max(Counter(products.values()).values())
    lines = [f"{'method':22} precision  recall      F1  largest (true: {true})"]
    for name, method in METHODS.items():
        groups = method(pairs)
        shares = b_cubed(groups, products)
        lines.append(
            f"{name:22} {shares.precision:9.4f} {shares.recall:7.4f} {shares.f1:7.4f}  {largest(groups)}"
        )
    return "\n".join(lines)


def many_pairs(listings: int, pairs: int) -> list[ScoredPair]:
    """Return pairs as a large catalog has them: groups of up to six, and as many wrong neighbours again."""
    rng = random.Random(1)
    found: dict[tuple[str, str], ScoredPair] = {}
    while len(found) < pairs:
        a = rng.randrange(listings)
        near = rng.random() < 0.5
        b = a // 6 * 6 + rng.randrange(6) if near else rng.randrange(listings)
        if a != b:
            ids = (f"{min(a, b):06d}", f"{max(a, b):06d}")
            chance = rng.uniform(0.5, 1) if near else rng.uniform(0.05, 0.6)
            found[ids] = ScoredPair(*ids, chance, "duplicate" if chance >= 0.5 else "different")
    return list(found.values())


if __name__ == "__main__":
    main()
