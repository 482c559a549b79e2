"""Any order of submissions, deliveries, deaths, outages and losses, chosen by Hypothesis, beside a model.

Everything is real but Celery's workers and HTTP. Each process runs from one effect to the next when a rule
says so, so that what comes between two effects is chosen, too.
"""

import itertools
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from redis import Redis

from services.gateway.problems import Problem
from services.gateway.results.pages import Pages, PairFilter
from shared.errors import ExpiredJob, TransientError, UnknownJob
from shared.ids import new_id
from shared.ledger import TERMINAL, JobRecord
from shared.messages import UnitHint
from shared.settings import CommonSettings
from tests.machine.model import Job, check_units
from tests.machine.rows import IDS, PICTURES, TITLES, Offered, places
from tests.machine.service import CATALOG, Lines, Service
from tests.machine.stepped import Stepped
from workers.index.classifiers import Classifiers

# A job of a few chunks takes some twenty deliveries; more than ten times that means it never ends.
_MOST_ROUNDS = 60
_MOST_AT_ONCE = 3

OFFERED = st.builds(
    Offered,
    st.sampled_from((*IDS, "")),
    st.integers(0, len(TITLES) - 1),
    st.sampled_from(("", *PICTURES)),
    st.integers(0, 2),
)
ROWS = st.lists(OFFERED, min_size=1, max_size=6).map(tuple)
# After so many effects a process stands still; mostly it does not.
STEPS = st.one_of(st.none(), st.none(), st.integers(0, 14))
OUTAGES = st.one_of(st.none(), st.none(), st.tuples(st.integers(0, 14), st.booleans()))
PLACE = st.integers(0, 99)


class Machine(RuleBasedStateMachine):
    """Rules, invariants and what holds at the end; `settings` and `classifiers` are set by the test."""

    settings: ClassVar[CommonSettings]
    classifiers: ClassVar[Classifiers]

    def __init__(self) -> None:
        super().__init__()
        with Redis.from_url(self.settings.redis_url.get_secret_value()) as redis:
            redis.flushall()
        self.folder = Path(tempfile.mkdtemp(prefix="machine"))
        self.service = Service(self.settings, self.folder, self.classifiers)
        self.jobs: dict[str, Job] = {}
        self.processes: list[Stepped] = []
        self.hints: list[UnitHint] = []
        self.clock = itertools.count()
        self.life = 0
        # Whether an encoder may have stored something that nobody clears; it expires.
        self.too_late = False

    # -- running processes ------------------------------------------------------------------------

    def start(
        self, kind: str, act: Callable[[], Any], steps: int | None, outage: tuple[int, bool] | None
    ) -> Stepped:
        process = Stepped(kind, act)
        process.life = self.life
        self.processes.append(process)
        self.go_on(process, steps, outage)
        return process

    def go_on(
        self, process: Stepped, steps: int | None = None, outage: tuple[int, bool] | None = None
    ) -> None:
        process.go_on(steps, outage)
        if process.ended:
            self.over(process)

    def over(self, process: Stepped) -> None:
        self.processes.remove(process)
        if process.claim is not None and (process.dead or process.error):
            self.waste(process)
        if process.dead and process.kind == "index":
            self.service.restart_index()
        if process.dead and process.kind == "reconcile":
            self.service.start_reconciler()
        if process.dead:
            return
        error = process.error
        if isinstance(error, UnknownJob):
            # Redis lost what it was working on, or its retention passed meanwhile.
            expired = any(job.may_expire for job in self.jobs.values())
            asked = process.kind == "cancel"
            assert process.life < self.life or self.losing or expired or asked, process
        elif error is not None and not isinstance(error, Problem | TransientError):
            raise AssertionError(f"{process} met a bug") from error

    def waste(self, process: Stepped) -> None:
        if process.claim is not None and process.claim.job_id in self.jobs:
            self.jobs[process.claim.job_id].waste(process.claim)

    def busy(self, kind: str, most: int = _MOST_AT_ONCE) -> bool:
        return sum(process.kind == kind for process in self.processes) >= most

    @property
    def losing(self) -> bool:
        """Whether Redis lost everything and the ledger is not rebuilt yet."""
        return self.service.ledger.upkeep.lost_everything()

    # -- clients ----------------------------------------------------------------------------------

    def upload(
        self, rows: tuple[Offered, ...], key: str | None, broken: bool, steps: Any, outage: Any
    ) -> None:
        job = Job(new_id(), "submission", rows, key, life=self.life, born=self.life)
        self.jobs[job.id] = job

        def read() -> None:
            job.body_read = next(self.clock)

        def act() -> None:
            body = Lines(rows, broken=broken, read=read)
            told = self.service.submit(job.id, rows, body, key)
            self.answered(job, told)

        self.start("upload", act, steps, outage)

    def answered(self, job: Job, told: str) -> None:
        """The client was told `202` and the id of its job."""
        earlier = [
            each
            for each in self.jobs.values()
            if each is not job
            and each.answered
            and job.key
            and each.key == job.key
            and not each.may_expire
            # A key is forgotten with Redis.
            and each.born == job.born == self.life
        ]
        if told == job.id:
            assert not earlier, "the key made a second job"
        else:
            assert self.jobs[told].key == job.key
        self.jobs[told].answered = True

    @precondition(lambda self: not self.busy("upload"))
    @rule(
        rows=ROWS, key=st.sampled_from((None, "once", "twice")), broken=st.sampled_from((0, 0, 0, 1)),
        steps=STEPS, outage=OUTAGES,
    )  # fmt: skip
    def submit(self, rows: Any, key: str | None, broken: int, steps: Any, outage: Any) -> None:
        used = [job.rows for job in self.jobs.values() if key and job.key == key]
        self.upload(used[0] if used else rows, key, bool(broken), steps, outage)

    @precondition(lambda self: not self.busy("rematch", 1))
    @rule(steps=STEPS, outage=OUTAGES)
    def rematch(self, steps: Any, outage: Any) -> None:
        job = Job(new_id(), "rematch", life=self.life)
        self.jobs[job.id] = job
        self.start("rematch", lambda: self.answered(job, self.service.rematch(job.id)), steps, outage)

    @precondition(lambda self: self.jobs and not self.busy("cancel", 1))
    @rule(place=PLACE, steps=STEPS, outage=OUTAGES)
    def cancel(self, place: int, steps: Any, outage: Any) -> None:
        job = list(self.jobs.values())[-1 - place % min(len(self.jobs), 3)]
        job.cancel_asked = True
        self.start("cancel", lambda: self.service.cancel(job.id), steps, outage)

    # -- workers ----------------------------------------------------------------------------------

    def deliver_one(
        self, place: int, steps: Any = None, outage: Any = None, slow: bool = False, keep: bool = False
    ) -> bool:
        """Give a message to a worker that is free; say whether there was one."""
        messages = [
            (queue, raw)
            for queue, raw in self.service.messages()
            if not (self.busy("encode") if queue.startswith("encode") else self.busy("index", 1))
        ]
        if not messages:
            return False
        hint = self.service.drop(*messages[place % len(messages)])
        self.hints.append(hint)
        if keep:
            self.service.send(hint)
        kind = "encode" if hint.stage == "encode" else "index"
        self.start(kind, lambda: self.service.work(hint, slow), steps, outage)
        return True

    @precondition(lambda self: self.service.messages())
    @rule(
        place=PLACE, steps=STEPS, outage=OUTAGES, slow=st.sampled_from((0, 0, 1)),
        keep=st.sampled_from((0, 0, 1)),
    )  # fmt: skip
    def deliver(self, place: int, steps: Any, outage: Any, slow: int, keep: int) -> None:
        self.deliver_one(place, steps, outage, bool(slow), bool(keep))

    @precondition(lambda self: self.service.messages())
    @rule(count=st.integers(1, 30))
    def deliver_many(self, count: int) -> None:
        for _ in range(count):
            self.deliver_one(0)

    @precondition(lambda self: self.hints)
    @rule(place=PLACE)
    def duplicate(self, place: int) -> None:
        self.service.send(self.hints[-1 - place % len(self.hints)])

    @precondition(lambda self: self.service.messages())
    @rule(place=PLACE)
    def lose(self, place: int) -> None:
        messages = self.service.messages()
        self.service.drop(*messages[place % len(messages)])

    # -- fate -------------------------------------------------------------------------------------

    @precondition(lambda self: self.processes)
    @rule(place=PLACE, steps=STEPS, outage=OUTAGES)
    def resume(self, place: int, steps: Any, outage: Any) -> None:
        self.go_on(self.processes[place % len(self.processes)], steps, outage)

    @precondition(lambda self: self.processes)
    @rule(place=PLACE)
    def kill(self, place: int) -> None:
        process = self.processes[place % len(self.processes)]
        process.kill()
        self.over(process)

    def leases_run_out(self) -> None:
        due = set(self.service.elapse("leases"))
        for process in self.processes:
            claim = process.claim
            if claim is not None and f"{claim.job_id} {claim.stage} {claim.unit}" in due:
                self.waste(process)

    @rule(what=st.sampled_from(("leases", "leases", "receiving", "leftovers")))
    def time_passes(self, what: str) -> None:
        if what == "leases":
            self.leases_run_out()
            return
        self.too_late |= what == "leftovers" and self.busy("encode", 1)
        self.service.elapse(what)

    @precondition(lambda self: any(job.status in TERMINAL for job in self.jobs.values()))
    @rule(place=PLACE)
    def retention_passes(self, place: int) -> None:
        ended = [job for job in self.jobs.values() if job.status in TERMINAL]
        job = ended[place % len(ended)]
        if self.service.elapse("ended", job.id):
            self.service.elapse("leftovers", job.id)
            job.may_expire = True
            self.too_late |= self.busy("encode", 1)

    @precondition(lambda self: not self.busy("reconcile", 1))
    @rule(steps=STEPS, outage=OUTAGES)
    def reconcile(self, steps: Any, outage: Any) -> None:
        self.start("reconcile", self.service.reconcile, steps, outage)

    @rule(sure=st.sampled_from((0, 0, 0, 1)))
    def lose_redis(self, sure: int) -> None:
        if sure:
            for job in self.jobs.values():
                job.end_is_kept = self.service.recorded_end(job.id) == job.status
            self.service.redis.flushall()
            self.life += 1
            self.too_late |= self.busy("encode", 1)

    # -- what holds -------------------------------------------------------------------------------

    def record(self, job: str) -> JobRecord | None:
        try:
            return self.service.ledger.read(job)
        except (UnknownJob, ExpiredJob):
            return None

    @invariant()
    def jobs_only_go_forward(self) -> None:
        losing, tick = self.losing, next(self.clock)
        leases = set(self.service.redis.zrange("doppel:leases", 0, -1))
        for job in self.jobs.values():
            if job.life < self.life and losing:
                continue
            record = self.record(job.id)
            if record is None:
                self.missing(job)
                continue
            if job.life < self.life:
                job.begin_life(self.life)
            job.see(record, self.service.redis.hgetall(f"doppel:job:{job.id}"), tick)
            if job.status == "succeeded":
                pages = self.pages(job)
                assert job.pages in (None, pages), "results changed after the end"
                job.pages = pages
            if not record.ended:
                check_units(record, self.service.redis.hgetall(f"doppel:job:{job.id}:units"), leases)

    def missing(self, job: Job) -> None:
        if job.may_expire:
            return
        if job.life == self.life:
            assert job.status is None, f"a job that was {job.status} is gone"
        else:
            assert not job.answered, f"a job that was accepted and {job.status} is lost"

    def pages(self, job: Job) -> dict[str, bytes]:
        folder = self.folder / "spool" / "jobs" / job.id / "results"
        return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    # -- the end ----------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.settle()
            self.check_the_end()
        finally:
            for process in list(self.processes):
                process.kill()
            self.service.close()
            shutil.rmtree(self.folder)

    def settle(self) -> None:
        """Let everything run, without mishaps, until nothing is left to do."""
        for process in list(self.processes):
            self.go_on(process)
        for _ in range(_MOST_ROUNDS):
            self.leases_run_out()
            self.time_passes("receiving")
            self.start("reconcile", self.service.reconcile, None, None)
            while self.deliver_one(0):
                pass
            self.jobs_only_go_forward()
            if not any(self.service.redis.zcard(f"doppel:{name}") for name in ("leases", "receiving")):
                break
        else:
            pytest.fail(f"it never ends: {self.service.redis.zrange('doppel:leases', 0, -1)}")

    def check_the_end(self) -> None:
        taken: dict[str, set[int]] = {}
        for job in self.jobs.values():
            if job.answered and not job.may_expire:
                assert job.status in ("succeeded", "cancelled", "failed"), job
            if job.status == "succeeded" and job.kind == "submission" and not job.may_expire:
                taken[job.id] = job.check_rejections(self.result(job.id, "rejections"))
        self.service.elapse("leftovers")
        self.start("reconcile", self.service.reconcile, None, None)
        left = [
            *self.service.redis.scan_iter("doppel:emb:*"),
            *self.service.redis.scan_iter("doppel:job:*:*"),
        ]
        assert all(self.too_late and self.service.redis.ttl(key) > 0 for key in left), left
        self.check_catalog(taken)

    def check_catalog(self, taken: dict[str, set[int]]) -> None:
        """The catalog holds of each listing what was accepted last."""
        if not (self.folder / "catalogs" / CATALOG).exists():
            return
        catalog = self.service.catalogs.get(CATALOG)
        keys = [key for numbers, _ in catalog.listings.titles() for key in numbers]
        stored = {each.id: each for each in catalog.listings.get(keys).values()}
        offers: dict[str, Offered] = {}
        for listing in IDS:
            may, must = self.editions(listing, taken)
            if listing in stored:
                found = stored[listing]
                content = (found.title, found.image is not None, found.attributes["edition"])
                fitting = [offer for offer in may if offer.content == content]
                assert fitting, f"{listing} is {content}, not one of {may}"
                offers[listing] = fitting[0]
            else:
                assert not must, f"{listing} is not in the catalog"
        assert set(stored) <= set(IDS)
        self.check_results(offers)

    def editions(self, listing: str, taken: dict[str, set[int]]) -> tuple[list[Offered], bool]:
        """Return what the catalog may hold of a listing, and whether it has to hold any."""
        found = [
            (job, job.rows[place - 1], place in taken.get(job.id, ()))
            for job in self.jobs.values()
            if job.sealed
            for place in places(job.rows)[0]
            if job.rows[place - 1].id == listing
        ]
        may = [
            offer
            for job, offer, _ in found
            if not any(
                sure and later.body_read is not None and later.body_read > (job.accepted or 0)
                for later, _, sure in found
                if later is not job
            )
        ]
        return may, any(sure for *_, sure in found)

    def check_results(self, offers: dict[str, Offered]) -> None:
        """A last rematch finds what one submission of all that is in the catalog finds."""
        if not offers:
            return
        again = Job(new_id(), "rematch", life=self.life)
        whole = Job(new_id(), "submission", tuple(offers.values()), life=self.life)
        self.jobs |= {again.id: again, whole.id: whole}
        self.start("rematch", lambda: self.service.rematch(again.id), None, None)
        body = Lines(whole.rows, broken=False, read=lambda: None)
        self.start(
            "upload", lambda: self.service.submit(whole.id, whole.rows, body, None, "whole"), None, None
        )
        while self.deliver_one(0):
            pass
        assert (self.record(again.id).status, self.record(whole.id).status) == ("succeeded",) * 2
        for job in (again, whole):
            assert self.result(job.id, "pairs") == self.result(again.id, "pairs")
            assert self.groups(job.id) == self.groups(again.id)

    def result(self, job: str, kind: Any) -> list[dict[str, Any]]:
        pages, cursor, lines = Pages(self.service.spool), None, []
        while True:
            page = pages.read(job, kind, cursor, 100, PairFilter())
            lines += page.lines
            cursor = page.next
            if cursor is None:
                return [json.loads(line) for line in lines]

    def groups(self, job: str) -> list[list[str]]:
        return sorted(
            sorted(member["id"] for member in group["members"]) for group in self.result(job, "groups")
        )
