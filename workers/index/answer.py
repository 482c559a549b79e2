"""Interactive requests: compare two listings, or search a catalog for one."""

from pydantic import JsonValue

from shared.blocks import unpack
from shared.crash import crash_at
from shared.errors import JobFailure
from shared.inflight import QUERY_UNIT, InFlight
from shared.ledger import Ledger
from shared.messages import Query
from workers.index.candidates import Candidates, pairs_at, pairs_of, surrounded_as_asked
from workers.index.catalogs import Catalogs
from workers.index.matcher import Match, Matcher, context_of
from workers.index.query_sides import models_in, query_sides
from workers.index.scoring import Context
from workers.index.sides import Sides
from workers.index.store import StoredListing
from workers.index.store.database import outage_as_error
from workers.index.verdicts import evidence_of


class NotComparable(JobFailure):
    """Two listings have neither an image nor a title in common."""

    code = "not_comparable"


class AnswerQuery:
    """Answers queries whose listings an encoder has encoded."""

    def __init__(
        self,
        ledger: Ledger,
        inflight: InFlight,
        catalogs: Catalogs,
        matcher: Matcher,
        without_catalog: Context,
    ) -> None:
        self._ledger = ledger
        self._inflight = inflight
        self._catalogs = catalogs
        self._matcher = matcher
        self._without_catalog = without_catalog

    def __call__(self, query: Query) -> None:
        """Answer the query in the ledger.

        Raises:
            LedgerUnavailable, StoreUnavailable: Redis or the catalog's disk did not answer.
            JobFailure, CorruptBlock: why it cannot be answered.
        """
        block = self._inflight.get_block(query.job_id, QUERY_UNIT)
        if block is None:
            self._ledger.fail(query.job_id, "embeddings_missing", "the embeddings of this request were lost")
            return
        try:
            with outage_as_error():
                result = self._compare(query, block) if query.kind == "dedup" else self._search(query, block)
            self._ledger.answer(query.job_id, result)
            crash_at("query-answered")
        finally:
            self._inflight.drop_block(query.job_id, QUERY_UNIT)

    def _compare(self, query: Query, block: bytes) -> dict[str, JsonValue]:
        sides, models = query_sides(query, block), models_in(unpack(block)[0])
        context = self._without_catalog
        if query.catalog is not None:
            catalog = self._catalogs.get(query.catalog)
            self._matcher.check_models(models, catalog)
            context, sides = context_of(catalog), surrounded_as_asked(sides, catalog)
        pair = Candidates(sides, sides, pairs_at([(0, 1)]))
        match = self._matcher.score(pair, context, models, query.threshold).matches()[0]
        if match.measured.situation is None:
            raise NotComparable("the two listings have neither an image nor a title in common to compare")
        evidence = evidence_of(match.measured, self._matcher.regressions(models, context))
        return {
            **_told(match),
            "threshold": match.decided.threshold,
            "calibrated": match.decided.calibrated,
            "evidence": {name: {**parts} for name, parts in evidence.items()},
        }

    def _search(self, query: Query, block: bytes) -> dict[str, JsonValue]:
        sides, models = query_sides(query, block), models_in(unpack(block)[0])
        catalog = self._catalogs.get(query.catalog or "")
        self._matcher.check_models(models, catalog)
        found = pairs_of(sides, catalog, query.limits)
        scored, theirs = self._matcher.score(found, context_of(catalog), models, query.threshold), found.b
        best = sorted(scored.matches(), key=lambda match: _order(match, theirs))[: query.k]
        return {
            "catalog": catalog.name,
            "calibrated": all(match.decided.calibrated for match in best),
            "matches": [_found(match, theirs.listings[match.b]) for match in best],
        }


def _order(match: Match, sides: Sides) -> tuple[float, float, str]:
    return -match.decided.probability, -(match.measured.fused_sim or 0.0), sides.listings[match.b].id


def _told(match: Match) -> dict[str, JsonValue]:
    return {
        "verdict": match.decided.verdict,
        "probability": match.decided.probability,
        "image_sim": match.measured.image_sim,
        "text_sim": match.measured.text_sim,
        "fused_sim": match.measured.fused_sim,
        "lexical_sim": match.measured.lexical_sim,
        "conflicts": [conflict.model_dump() for conflict in match.measured.conflicts],
    }


def _found(match: Match, listing: StoredListing) -> dict[str, JsonValue]:
    about: dict[str, JsonValue] = {"listing_id": listing.id, "title": listing.title, "image": listing.image}
    return {**about, **_told(match), "threshold": match.decided.threshold}
