"""Stage `match`: a slice of a job's listings is compared with its candidates."""

from hashlib import blake2b
from typing import Final

from shared.crash import crash_at
from shared.ledger import Claim, Ledger
from shared.messages import JobOptions, UnitHint
from workers.index.arrays import Keys, in_parts
from workers.index.catalog import Catalog
from workers.index.catalogs import Catalogs
from workers.index.matcher import Matcher, Outcome
from workers.index.store import OutcomeTable

_OTHER = "catalog:"
_PART: Final = 128
"""Listings that are matched at once: while their candidates are read, nobody else has his turn."""


class MatchSlice:
    """Matches slices. Matching one twice replaces the pairs by the same ones."""

    def __init__(self, ledger: Ledger, catalogs: Catalogs, matcher: Matcher) -> None:
        self._ledger = ledger
        self._catalogs = catalogs
        self._matcher = matcher
        # The options that the outcomes which a catalog keeps were found with, by this process.
        self._wishes: dict[str, str] = {}

    def __call__(self, claim: Claim) -> tuple[UnitHint, ...]:
        """Do the unit of work; return the units that became possible.

        Raises:
            UnknownCatalog: the catalog to match against does not exist.
            ProfileMismatch: it holds embeddings of another model.
        """
        record = self._ledger.read(claim.job_id)
        assert record.options is not None  # noqa: S101 - every submission has options
        size = record.counts["slice_listings"]
        with self._catalogs.changing(record.options.catalog) as catalog:
            keys = self._ordered(catalog, claim.job_id, size)[int(claim.unit) * size :][:size]
            if len(keys):
                self._match(catalog, claim.job_id, keys, record.options)
        crash_at("pairs-committed")
        return self._ledger.units.complete(claim)

    def _ordered(self, catalog: Catalog, job: str, size: int) -> Keys:
        """Return the keys (n,) of the job's listings, in the same order for each of its slices."""
        keys = catalog.jobs.keys(job)
        if len(keys) <= size or catalog.jobs.has_order(job):
            return keys
        keys = catalog.alike(keys)
        with catalog.database.transaction():
            catalog.jobs.put_order(job, keys)
        return keys

    def _match(self, catalog: Catalog, job: str, keys: Keys, options: JobOptions) -> None:
        if options.against.startswith(_OTHER):
            across = [self._across(catalog, part, options) for part in in_parts(keys, _PART)]
            with catalog.database.transaction():
                for outcome in across:
                    catalog.jobs.put_pairs(job, outcome.kept)
            return
        whole = catalog.jobs.covers_catalog(job)
        # A search among all finds what a search finds, and takes a multiple of the time.
        among = catalog.jobs.keys(job) if options.against == "submission" and not whole else None
        outcomes = self._outcomes(catalog, options)
        name = None if among is not None else blake2b(keys.tobytes(), digest_size=16).digest()
        if name is not None and (known := outcomes.get(name)) is not None:
            with catalog.database.transaction():
                catalog.jobs.put_pairs(job, known)
            return
        found = [self._matcher.match_within(catalog, part, options, among) for part in in_parts(keys, _PART)]
        # A new neighbour changes what surrounds the listings that were there before.
        anew = options.against == "catalog" and not whole
        again = list(self._matcher.match_again(catalog, keys, options, job)) if anew else []
        kept = [pair for outcome in found for pair in outcome.kept]
        with catalog.database.transaction():
            catalog.jobs.put_pairs(job, kept)
            # Groups are made of pairs inside the catalog only.
            for outcome in (*found, *again):
                catalog.pairs.put(pair.scored for pair in outcome.kept)
                catalog.pairs.drop(outcome.dropped)
            if name is not None:
                outcomes.put(name, kept)

    def _across(self, catalog: Catalog, keys: Keys, options: JobOptions) -> Outcome:
        # Asked for each time: queries for others may have closed it.
        other = self._catalogs.get(options.against.removeprefix(_OTHER))
        return self._matcher.match_across(catalog, keys, options, other)

    def _outcomes(self, catalog: Catalog, options: JobOptions) -> OutcomeTable:
        """Return what slices of the catalog were matched with, as it is now, with these options.

        Other options decide otherwise about the same pairs, and so may a process with other artifacts.
        """
        wish = options.model_dump_json()
        if self._wishes.get(catalog.name) != wish:
            catalog.outcomes.clear()
            self._wishes[catalog.name] = wish
        return catalog.outcomes
