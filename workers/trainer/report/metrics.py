"""Figures of retrieval, pairs and groups, by listing id; pure functions.

`ranked` is, per query, the ids that were found, best first, without the query itself. `relevant` is, per
query, the ids that should be found; a query with none is not asked about.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

Ranked = Mapping[str, Sequence[str]]
Relevant = Mapping[str, Collection[str]]
Ids = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shares:
    """Precision and recall, each 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of both, 0 if both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def others_of_group(groups: Mapping[str, str]) -> dict[str, set[str]]:
    """Return, per listing, the other listings of its group (listing → group label)."""
    members: dict[str, set[str]] = {}
    for listing, group in groups.items():
        members.setdefault(group, set()).add(listing)
    return {listing: members[group] - {listing} for listing, group in groups.items()}


def recall_at(ranked: Ranked, relevant: Relevant, k: int) -> float:
    """Return the mean over queries of the share of relevant listings among the first k; 0 without queries."""
    return _mean(
        len(set(wanted).intersection(ranked.get(query, ())[:k])) / len(wanted)
        for query, wanted in relevant.items()
        if wanted
    )


def hit_at_1(ranked: Ranked, relevant: Relevant) -> float:
    """Return the share of queries whose first listing is relevant; 0 without queries."""
    return _mean(
        float(any(found in wanted for found in ranked.get(query, ())[:1]))
        for query, wanted in relevant.items()
        if wanted
    )


def mean_average_precision(ranked: Ranked, relevant: Relevant) -> float:
    """Return the mean over queries of average precision over the whole ranking; 0 without queries.

    Relevant listings that were not found count as never found (TREC's definition).
    """
    return _mean(
        _average_precision(ranked.get(query, ()), wanted) for query, wanted in relevant.items() if wanted
    )


def row_f1(
    matches: Mapping[str, Collection[str]], groups: Mapping[str, str], asked: Collection[str] | None = None
) -> float:
    """Return the mean over the listings asked about of the F1 between predicted and true matches.

    A listing is always a match of itself, so that predicting nothing scores well where most are single: print
    `row_f1({}, groups)` beside it. The metric of the Shopee competition (Kaggle, 2021).

    Args:
        matches: predicted matches of each listing; with or without the listing itself.
        groups: listing → group label, of all listings.
        asked: listings to ask about; None: all.
    """
    others = others_of_group(groups)
    scores = []
    for listing in groups if asked is None else asked:
        predicted, wanted = {listing, *matches.get(listing, ())}, others[listing] | {listing}
        scores.append(2 * len(predicted & wanted) / (len(predicted) + len(wanted)))
    return _mean(scores)


def matches_of(pairs: Iterable[Ids]) -> dict[str, set[str]]:
    """Return, per listing, those that it is paired with."""
    matches: dict[str, set[str]] = {}
    for a, b in pairs:
        matches.setdefault(a, set()).add(b)
        matches.setdefault(b, set()).add(a)
    return matches


def b_cubed(
    found: Iterable[Collection[str]], groups: Mapping[str, str], asked: Collection[str] | None = None
) -> Shares:
    """Return B-cubed precision and recall (Bagga and Baldwin, 1998), means over the listings asked about.

    Args:
        found: predicted groups, none of which share a listing; a listing in none is alone.
        groups: listing → true group label, of all listings.
        asked: listings to ask about; None: all.
    """
    place = {listing: number for number, members in enumerate(found) for listing in members}
    predicted = {listing: f"{place[listing]}" if listing in place else f"/{listing}" for listing in groups}
    sizes, true_sizes = Counter(predicted.values()), Counter(groups.values())
    shared = Counter((predicted[listing], group) for listing, group in groups.items())
    common = {listing: shared[predicted[listing], group] for listing, group in groups.items()}
    chosen = list(groups if asked is None else asked)
    return Shares(
        precision=_mean(common[listing] / sizes[predicted[listing]] for listing in chosen),
        recall=_mean(common[listing] / true_sizes[groups[listing]] for listing in chosen),
    )


def largest(found: Iterable[Collection[str]]) -> int:
    """Return the size of the largest group, 1 if there is none: every listing is then alone."""
    return max((len(members) for members in found), default=1)


def _average_precision(found: Sequence[str], wanted: Collection[str]) -> float:
    hits, total = 0, 0.0
    for rank, listing in enumerate(found, 1):
        if listing in wanted:
            hits += 1
            total += hits / rank
    return total / len(wanted)


def _mean(values: Iterable[float]) -> float:
    held = list(values)
    return sum(held) / len(held) if held else 0.0
