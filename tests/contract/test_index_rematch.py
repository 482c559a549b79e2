"""A catalog matched again, over a real Redis and spool, with hand-made embeddings."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from shared import ids
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.messages import AcceptedJob, JobOptions, UnitHint
from shared.settings import IndexSettings
from shared.spool import Spool
from shared.work import run_unit
from tests.contract.test_index_scenario import DIM, Offer, World


@pytest.fixture
def world(ledger: Ledger, spool: Spool, inflight: InFlight, tmp_path: Path) -> Iterator[World]:
    made = World(ledger, spool, inflight, tmp_path / "catalogs", IndexSettings(page_rows=7))
    yield made
    made.catalogs.close()


def crowd(size: int = 40) -> list[Offer]:
    """Listings near enough to each other that with one candidate a channel every newcomer changes pairs."""
    dice = np.random.default_rng(5)
    centres = dice.normal(size=(size // 5, DIM))

    def near(place: int) -> np.ndarray:
        vector = centres[place % len(centres)] + dice.normal(size=DIM) / 3
        return vector / np.linalg.norm(vector)

    colours = ("red", "blue", "green")
    return [
        Offer(f"x{i:02}", f"mug {colours[i % 3]} no {i % 8} ceramic", near(i), near(i)) for i in range(size)
    ]


def begin(world: World, catalog: str = "shop", slice_listings: int = 8) -> tuple[str, list[UnitHint]]:
    """Accept a rematch with one candidate a channel; return it with its hints."""
    job = ids.new_id()
    options = JobOptions(catalog=catalog, k=1)
    world.ledger.create(job, options, slice_listings, kind="rematch")
    return job, list(world.ledger.seal(job) or ())


def do_next(world: World, hints: list[UnitHint]) -> None:
    """Do the first of the units; the list goes on with what follows."""
    hint = hints.pop(0)
    run_unit(hint, world.ledger, world.publisher, world.stages[hint.stage])
    hints += world.publisher.hints
    world.publisher.hints = []


def stored(world: World, catalog: str = "shop") -> list[tuple[str, str, float, str]]:
    kept = world.catalogs.get(catalog).pairs.all()
    return sorted((pair.a, pair.b, pair.probability, pair.verdict) for pair in kept)


def said(world: World, job: str) -> list[tuple[str, str, float, str]]:
    return sorted((p["a"], p["b"], p["probability"], p["verdict"]) for p in world.page(job, "pairs"))


def members(world: World, job: str) -> list[list[str]]:
    return sorted(sorted(m["id"] for m in group["members"]) for group in world.page(job, "groups"))


@pytest.fixture
def grown(world: World) -> World:
    """A catalog that came in three submissions, in which pairs are left that one would not have found."""
    offers = crowd()
    for part in (offers[:10], offers[10:25], offers[25:]):
        world.submit([part], k=1)
    whole = world.submit([offers], catalog="whole", k=1)
    assert stored(world, "whole") == said(world, whole)
    assert {pair[:2] for pair in stored(world)} - {pair[:2] for pair in stored(world, "whole")}
    return world


def test_a_rematch_gives_what_one_submission_of_everything_gives(grown: World) -> None:
    job, hints = begin(grown)
    grown.run(hints)
    record = grown.ledger.read(job)
    assert (record.status, record.counts["listings"], record.counts["rows"]) == ("succeeded", 40, 40)
    assert said(grown, job) == stored(grown) == stored(grown, "whole")
    again = grown.submit([crowd()], catalog="again", k=1)
    assert grown.page(job, "pairs") == grown.page(again, "pairs")
    assert members(grown, job) == members(grown, again)
    assert record.counts["groups"] == len(members(grown, again)) > 3


def test_a_rematch_goes_on_when_the_worker_is_started_anew_after_every_step(grown: World) -> None:
    _, hints = begin(grown)
    while hints:
        do_next(grown, hints)
        grown.restart()
    assert stored(grown) == stored(grown, "whole")


def test_a_unit_done_twice_changes_nothing(grown: World) -> None:
    job, hints = begin(grown)
    for stage in ("ingest", "match", "finish"):
        claim = grown.ledger.units.claim(hints[0])
        assert claim.stage == stage
        grown.stages[stage](claim)
        before = list(grown.catalogs.get("shop").database.connection.iterdump())
        grown.stages[stage](claim)
        assert list(grown.catalogs.get("shop").database.connection.iterdump()) == before
        hints = [UnitHint(job_id=job, stage="match", unit=str(unit)) for unit in range(5)]
        if stage == "match":
            grown.run(hints[1:4])
            grown.publisher.hints = []
            claim = grown.ledger.units.claim(hints[4])
            hints = list(grown.stages["match"](claim))
    assert stored(grown) == stored(grown, "whole")


def test_a_rematch_restored_after_redis_was_lost_ends_with_the_same_results(grown: World) -> None:
    job, hints = begin(grown)
    do_next(grown, hints)
    do_next(grown, hints)
    record = grown.ledger.read(job)
    grown.ledger.upkeep.forget(job)
    assert record.options is not None
    accepted = AcceptedJob(
        job_id=job, kind="rematch", sequence=record.sequence, options=record.options, chunks=0, rows=0,
        slice_listings=8,
    )  # fmt: skip
    grown.run(list(grown.ledger.restore(accepted, ())))
    assert grown.ledger.read(job).status == "succeeded"
    assert said(grown, job) == stored(grown) == stored(grown, "whole")


def test_a_cancelled_rematch_drops_no_pair_and_leaves_nothing_behind(grown: World) -> None:
    before = {pair[:2] for pair in stored(grown)}
    job, hints = begin(grown)
    do_next(grown, hints)
    do_next(grown, hints)
    grown.ledger.cancel(job)
    grown.run(hints)
    assert {pair[:2] for pair in stored(grown)} >= before
    grown.submit([[Offer("late", "a late mug", crowd()[0].image, None)]], k=1)
    assert grown.catalogs.get("shop").jobs.listings(job) == []


@pytest.mark.parametrize("older", [True, False])
def test_what_a_submission_finds_meanwhile_stays(grown: World, older: bool) -> None:
    """Its encoding may have begun before the rematch did, or after."""
    first = crowd()[0]
    assert first.image is not None
    twin = Offer("twin", first.title, first.image, first.text)
    changed = Offer("x07", first.title, first.image, first.text)
    if older:
        submission, waiting = grown.encoded([[twin, changed]], k=3)
        _, hints = begin(grown)
        do_next(grown, hints)
    else:
        _, hints = begin(grown)
        do_next(grown, hints)
        submission, waiting = grown.encoded([[twin, changed]], k=3)
    do_next(grown, hints)
    grown.run(waiting)
    found = {pair[:2] for pair in said(grown, submission)}
    assert {("twin", "x00"), ("x00", "x07")} < found
    before = {pair[:2] for pair in stored(grown)}
    grown.run(hints)
    after = {pair[:2] for pair in stored(grown)}
    assert found < after
    assert before - after, "what was not found again and is as it was goes"


def test_an_unknown_catalog_fails_the_rematch_and_is_not_made(world: World) -> None:
    job, hints = begin(world, "nowhere")
    world.run(hints)
    record = world.ledger.read(job)
    assert (record.status, (record.error or {})["code"]) == ("failed", "catalog_unknown")
    assert not (world.folder / "nowhere").exists()


def test_a_rematch_of_a_catalog_without_listings_ends(world: World) -> None:
    from shared.messages import Rejection

    bad = Rejection(row=1, listing_id="a", code="image_broken", detail="not an image")
    empty, hints = world.encoded([[Offer("a", "t")]], rejections=(bad,))
    world.run(hints)
    assert world.ledger.read(empty).counts["listings"] == 0
    job, hints = begin(world)
    world.run(hints)
    assert world.ledger.read(job).status == "succeeded"
    assert world.page(job, "pairs") == []
