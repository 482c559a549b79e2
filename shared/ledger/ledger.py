"""Jobs: created, sealed, read, ended."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence

from redis import Redis

from shared import ids
from shared.connection import WORKER_TIMEOUT_S, OverRedis, open_redis
from shared.errors import DoppelError, ExpiredJob, UnknownJob
from shared.ledger import keys
from shared.ledger.idempotency import Idempotency
from shared.ledger.quotas import Quotas
from shared.ledger.record import TERMINAL, JobRecord, parse_record
from shared.ledger.script import LedgerScript, names, outage_as_error
from shared.ledger.standing import Standing, read_standing
from shared.ledger.suspects import Suspects
from shared.ledger.units import HINT_GRACE_MS, Units, hints_of
from shared.ledger.upkeep import Upkeep
from shared.messages import AcceptedJob, AcceptedKind, FinishedJob, JobOptions, Stage, UnitHint
from shared.settings import CommonSettings

# The answer to a comparison or a search is kept for an hour.
_QUERY_TTL_S = 3_600


class Ledger(OverRedis):
    """Access to the ledger; safe to share between threads.

    Every method raises `LedgerUnavailable` when Redis does not answer.
    """

    def __init__(self, redis: "Redis", settings: CommonSettings) -> None:
        super().__init__(redis)
        self._retention_s = settings.retention_s
        self._script = LedgerScript(redis)
        self.idempotency = Idempotency(redis, self._script)
        self.quotas = Quotas(self._script)
        self.suspects = Suspects(redis, self._script)
        self.upkeep = Upkeep(redis)
        self.units = Units(self._script, settings.lease_s, settings.max_attempts)

    @classmethod
    def connect(cls, settings: CommonSettings, *, timeout_s: float = WORKER_TIMEOUT_S) -> "Ledger":
        """Open the ledger; nothing is sent yet. `timeout_s` bounds each call, for the gateway."""
        return cls(open_redis(settings, timeout_s=timeout_s, text=True), settings)

    def ping(self) -> None:
        """Check that Redis takes writes."""
        with outage_as_error():
            self._redis.set(f"{keys.PREFIX}ping", "1", ex=60)

    def standing(self) -> dict[Stage, Standing]:
        """Return, for each stage, how many jobs wait there and how long, and when something was last done."""
        return read_standing(self._script("standing"))

    # -- bulk jobs ------------------------------------------------------------------------------

    def create(
        self, job_id: str, options: JobOptions, slice_listings: int, kind: AcceptedKind = "submission"
    ) -> None:
        """Record a submission that is being received, or a rematch."""
        self._script(
            "create", job_id, "kind", kind, "options", options.model_dump_json(),
            "slice_listings", slice_listings,
        )  # fmt: skip

    def place(self, job_id: str, sequence: int | None = None) -> int:
        """Return the job's place in the order of acceptance, giving it one; 0 when it has ended meanwhile.

        Of a listing that came twice the catalog keeps what has the higher place, whichever is done first.
        """
        return int(self._script("place", job_id, "" if sequence is None else sequence))

    def create_embedding(self, job_id: str) -> None:
        """Record a job that only encodes, for the process that makes it and fetches each block itself.

        It is never sealed, so nothing follows its encode units; without `keep_receiving` it is given up.
        """
        self._script("create", job_id, "kind", "embedding")

    def add_chunk(self, job_id: str, chunk: int, rows: int) -> UnitHint | None:
        """Record a chunk whose rows are in the spool; None when the job has ended meanwhile."""
        hints = self.add_chunks(job_id, {chunk: rows})
        return hints[0] if hints else None

    def add_chunks(self, job_id: str, rows: Mapping[int, int]) -> tuple[UnitHint, ...] | None:
        """Record chunks and how many rows of each are in the spool; None when the job has ended meanwhile."""
        numbers = (number for item in rows.items() for number in item)
        if not self._script("add_chunks", job_id, HINT_GRACE_MS, *numbers):
            return None
        return tuple(UnitHint(job_id=job_id, stage="encode", unit=str(chunk)) for chunk in rows)

    def keep_receiving(self, job_id: str) -> bool:
        """Note that the upload of a job goes on; False when the job has ended meanwhile."""
        return bool(self._script("keep_receiving", job_id))

    def seal(self, job_id: str) -> tuple[UnitHint, ...] | None:
        """Accept the job: its upload is complete and durable. None when the job has ended meanwhile."""
        answer = self._script("seal", job_id, HINT_GRACE_MS)
        return None if answer[0] == "gone" else hints_of(job_id, answer)

    def restore(self, accepted: AcceptedJob, chunk_rows: Iterable[int]) -> tuple[UnitHint, ...]:
        """Rebuild a job that Redis lost, from its record of acceptance."""
        job_id = accepted.job_id
        self.create(job_id, accepted.options, accepted.slice_listings, accepted.kind)
        self.place(job_id, accepted.sequence)
        hints = [self.add_chunk(job_id, chunk, rows) for chunk, rows in enumerate(chunk_rows)]
        hints += self.seal(job_id) or ()
        return tuple(hint for hint in hints if hint is not None)

    def restore_ended(self, accepted: AcceptedJob, ended: FinishedJob) -> None:
        """Bring back the record of a job that had ended; it has no units, so that nobody works on it."""
        job_id, error = accepted.job_id, ended.fields.get("error")
        self.create(job_id, accepted.options, accepted.slice_listings, accepted.kind)
        self.place(job_id, accepted.sequence)
        fields: dict[str, str | int] = {"sealed": 1, "rows": accepted.rows, "chunks": accepted.chunks}
        fields |= {name: value for name, value in ended.fields.items() if isinstance(value, int)}
        if error is not None:
            fields["error"] = json.dumps(error)
        self._script("finish", job_id, ended.status, *(x for item in fields.items() for x in item))

    def finish(self, job_id: str, status: str, **fields: int) -> bool:
        """End a job that has not ended; say whether this call did it."""
        return bool(self._script("finish", job_id, status, *(x for item in fields.items() for x in item)))

    def fail(self, job_id: str, code: str, detail: str) -> bool:
        """End a job with an error that the client is told."""
        return bool(
            self._script("finish", job_id, "failed", "error", json.dumps({"code": code, "detail": detail}))
        )

    def give_up(self, job_id: str, silent_ms: int, code: str, detail: str) -> bool:
        """End a job whose upload gave no sign of life for so long; False if it did, or has been accepted."""
        error = json.dumps({"code": code, "detail": detail})
        return bool(self._script("give_up", job_id, silent_ms, error))

    def cancel(self, job_id: str) -> bool:
        """End a job at the client's wish; work in progress is dropped at its next step."""
        return bool(self._script("finish", job_id, "cancelled"))

    # -- reading --------------------------------------------------------------------------------

    def read(self, job_id: str) -> JobRecord:
        """Return the job's record.

        Raises:
            UnknownJob: there is none, and the id is not one of ours or too young to have expired.
            ExpiredJob: the id has our form and is older than what is kept.
        """
        (record,), _ = self.read_many([job_id])
        if record is None:
            raise self.absence(job_id)
        return record

    def read_many(self, job_ids: Sequence[str]) -> tuple[list[JobRecord | None], int]:
        """Return the jobs' records, None where there is none, and Redis's time in ms, in one round trip."""
        # What a client sent as an id is no part of a key before it looks like one.
        possible = dict.fromkeys(filter(ids.is_id, job_ids))
        with outage_as_error():
            pipe = self._redis.pipeline(transaction=False)
            pipe.time()
            for job_id in possible:
                pipe.hgetall(keys.job(job_id))
            (seconds, microseconds), *raws = pipe.execute()
        found = dict(zip(possible, map(parse_record, possible, raws), strict=True))
        return [found.get(job_id) for job_id in job_ids], seconds * 1000 + microseconds // 1000

    def absence(self, job_id: str) -> DoppelError:
        """Return the error that says that there is no such job, whether or not there is one."""
        if not ids.is_id(job_id):
            return UnknownJob(f"no job {job_id!r}")
        if time.time() - ids.created_ms(job_id) / 1000 > min(_QUERY_TTL_S, self._retention_s):
            return ExpiredJob(f"job {job_id} is past its retention")
        return UnknownJob(f"no job {job_id}")

    def knows(self, job_id: str) -> bool:
        """Say whether there is all of the job: who brought it back may have died in the middle."""
        with outage_as_error():
            sealed, status = self._redis.hmget(keys.job(job_id), ["sealed", "status"])
        return sealed == "1" or status in TERMINAL

    def recent(self, before_ms: int | None, limit: int) -> list[JobRecord]:
        """Return jobs that have units, newest first, created before `before_ms`."""
        with outage_as_error():
            newest = "+inf" if before_ms is None else f"({before_ms}"
            found = names(
                self._redis.zrange(keys.JOBS, newest, "-inf", desc=True, byscore=True, offset=0, num=limit)
            )
        return [record for record in self.read_many(found)[0] if record is not None]

    # -- interactive requests -------------------------------------------------------------------

    def create_query(
        self, job_id: str, kind: str, deadline_ms: int, catalog: str | None = None, owner: str | None = None
    ) -> None:
        """Record a comparison or a search; `owner` is the API key that asked.

        `deadline_ms` is by Redis's clock: those of gateways and workers may differ.
        """
        fields: list[str | int] = ["kind", kind, "deadline_ms", deadline_ms]
        for name, value in (("catalog", catalog), ("owner", owner)):
            fields += [name, value] if value is not None else []
        self._script("ask", job_id, _QUERY_TTL_S, *fields)

    def answer(self, job_id: str, result: object) -> bool:
        """End a query with its result, which must be JSON."""
        return bool(self._script("finish", job_id, "succeeded", "result", json.dumps(result)))
