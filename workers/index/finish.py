"""Stage `finish`: groups are brought up to date, results written, the job ended."""

import json

from shared.crash import crash_at
from shared.errors import ExpiredJob, UnknownJob
from shared.ledger import Claim, JobRecord, Ledger
from shared.messages import FinishedJob, UnitHint
from shared.settings import IndexSettings
from shared.spool import Spool, finished_key, summary_key
from workers.index.catalog import Catalog
from workers.index.catalogs import Catalogs
from workers.index.pages import write_pages
from workers.index.regroup import regroup


class FinishJob:
    """Finishes jobs. Doing so twice writes the same results."""

    def __init__(self, ledger: Ledger, spool: Spool, catalogs: Catalogs, settings: IndexSettings) -> None:
        self._ledger = ledger
        self._spool = spool
        self._catalogs = catalogs
        self._settings = settings

    def __call__(self, claim: Claim) -> tuple[UnitHint, ...]:
        """Do the unit of work.

        Raises:
            SpoolUnavailable, LedgerUnavailable: to be tried again.
        """
        job = claim.job_id
        record = self._ledger.read(job)
        assert record.options is not None  # noqa: S101 - every submission has options
        with self._catalogs.changing(record.options.catalog) as catalog:
            ended = self._end_of_before(job) or self._write(catalog, record)
            # In this order: an ended job gets no more work, so what it left in the store would stay, and a
            # job whose last unit is done and that did not end would never end.
            over = {job, *(other for other in catalog.jobs.known() if self._is_over(other))}
            with catalog.database.transaction():
                for each in over:
                    catalog.jobs.forget(each)
            crash_at("job-forgotten")
            self._ledger.finish(job, ended.status, **_counts(ended))
            crash_at("job-ended")
            return self._ledger.units.complete(claim)

    def _is_over(self, job: str) -> bool:
        """Say whether a job was cancelled or failed, or is past its retention: it will never finish here."""
        try:
            return self._ledger.read(job).ended
        except ExpiredJob:
            return True
        except UnknownJob:
            # Redis may have lost it; then it is about to be restored from the spool.
            return False

    def _end_of_before(self, job: str) -> FinishedJob | None:
        """Return the record that an earlier attempt, or the client's wish to cancel, left in the spool.

        Whoever wrote it may have died before the ledger knew. The job's rows may be gone from the store by
        now, so its results are not written again.
        """
        data = self._spool.get(finished_key(job))
        return None if data is None else FinishedJob.model_validate_json(data)

    def _write(self, catalog: Catalog, record: JobRecord) -> FinishedJob:
        job, rows = record.id, self._settings.page_rows
        if record.kind == "rematch":
            with catalog.database.transaction():
                catalog.pairs.drop_unfound(job)
        regroup(catalog, self._settings.max_group)
        crash_at("groups-made")
        catalog.give_way()
        pages = {
            "pairs": write_pages(self._spool, job, "pairs", catalog.jobs.pairs(job), rows),
            "groups": write_pages(
                self._spool,
                job,
                "groups",
                (group.model_dump_json() for group in catalog.groups.of_job(job)),
                rows,
            ),
            "rejections": write_pages(self._spool, job, "rejections", catalog.jobs.rejections(job), rows),
        }
        self._spool.put(summary_key(job), json.dumps({"pages": pages, "page_rows": rows}).encode())
        crash_at("pages-written")
        verdicts = catalog.jobs.pair_counts(job)
        counts = {
            "pairs": sum(verdicts.values()),
            "duplicates": verdicts.get("duplicate", 0),
            "variants": verdicts.get("variant", 0),
            "groups": catalog.groups.count_of_job(job),
        }
        seen = {name: record.counts[name] for name in ("rows", "chunks", "listings", "rejected")}
        ended = FinishedJob(job_id=job, status="succeeded", fields={**seen, **counts})
        self._spool.put(finished_key(job), ended.model_dump_json().encode())
        crash_at("end-recorded")
        return ended


def _counts(ended: FinishedJob) -> dict[str, int]:
    found = {name: ended.fields.get(name) for name in ("pairs", "duplicates", "variants", "groups")}
    return {name: count for name, count in found.items() if isinstance(count, int)}
