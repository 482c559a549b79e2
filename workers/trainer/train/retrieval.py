"""How many duplicates retrieval finds, channel by channel and in all."""

from collections.abc import Mapping

from workers.trainer.report.findings import RECALL_AT
from workers.trainer.report.metrics import Relevant, hit_at_1, mean_average_precision, recall_at
from workers.trainer.train.candidates import Candidates, Ranked

_SMOOTHING = 60


def retrieval_figures(
    opened: Candidates, relevant: Relevant, asked: set[str] | None
) -> dict[str, dict[str, float]]:
    """Return recall@K and mean average precision per channel, and of their union, for listings asked about.

    The union's first K are the first K of every channel; its ranking for the average precision is fused by
    reciprocal ranks (Cormack, Clarke, Büttcher, 2009, k = 60).
    """
    wanted = {query: found for query, found in relevant.items() if asked is None or query in asked}
    channels = opened.ranked(RECALL_AT[-1])
    figures = {channel: _figures(ranked, wanted) for channel, ranked in channels.items()}
    if len(channels) > 1:
        fused = {query: _fused(query, channels) for query in wanted}
        figures["union"] = _figures(fused, wanted) | {
            f"recall@{k}": round(recall_at(_first(channels, wanted, k), wanted, 3 * k), 4) for k in RECALL_AT
        }
    return figures


def _figures(ranked: Ranked, relevant: Relevant) -> dict[str, float]:
    found = {f"recall@{k}": recall_at(ranked, relevant, k) for k in RECALL_AT}
    found |= {"map": mean_average_precision(ranked, relevant), "hit@1": hit_at_1(ranked, relevant)}
    return {name: round(value, 4) for name, value in found.items()}


def _first(channels: Mapping[str, Ranked], queries: Relevant, k: int) -> Ranked:
    return {
        query: list(
            dict.fromkeys(other for ranked in channels.values() for other in ranked.get(query, [])[:k])
        )
        for query in queries
    }


def _fused(query: str, channels: Mapping[str, Ranked]) -> list[str]:
    scores: dict[str, float] = {}
    for ranked in channels.values():
        for rank, other in enumerate(ranked.get(query, []), 1):
            scores[other] = scores.get(other, 0.0) + 1 / (_SMOOTHING + rank)
    return sorted(scores, key=lambda other: (-scores[other], other))
