"""Ingest, match and finish over a real Redis and spool, with hand-made embeddings."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from shared import blocks, ids
from shared.blocks import ModalityHeader
from shared.errors import SpoolUnavailable
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.messages import (
    AcceptedJob,
    Chunk,
    Group,
    JobOptions,
    Listing,
    Pair,
    Query,
    Rejection,
    Row,
    UnitHint,
)
from shared.settings import IndexSettings
from shared.spool import Spool, chunk_key, finished_key
from shared.work import run_query, run_unit
from workers.index.answer import AnswerQuery
from workers.index.catalogs import Catalogs
from workers.index.classifiers import Classifiers
from workers.index.faiss_index import FaissIndex
from workers.index.finish import FinishJob
from workers.index.ingest import Ingest
from workers.index.match import MatchSlice
from workers.index.matcher import Matcher
from workers.index.ports import nobody_waits
from workers.index.scoring import Context
from workers.index.tfidf_index import TfidfIndex
from workers.index.vocabulary import Vocabulary

DIM = 16


def unit(*numbers: float) -> np.ndarray:
    vector = np.zeros(DIM)
    vector[: len(numbers)] = numbers
    return vector / np.linalg.norm(vector)


@dataclass
class Offer:
    """A listing with the embeddings that an encoder would make."""

    id: str
    title: str
    image: np.ndarray | None = None
    text: np.ndarray | None = None

    def listing(self) -> Listing:
        return Listing(
            id=self.id, title=self.title, image=f"spool:{self.id}" if self.image is not None else None
        )


def pack(offers: dict[int, Offer], rejections: tuple[Rejection, ...] = (), model: str = "fake") -> bytes:
    matrices = []
    for modality in ("image", "text"):
        held = {row: getattr(offer, modality) for row, offer in offers.items()}
        held = {row: vector for row, vector in held.items() if vector is not None}
        header = ModalityHeader(modality=modality, model=f"{model}:{modality}", dim=DIM, rows=tuple(held))
        matrices.append((header, b"".join(v.astype("<f2").tobytes() for v in held.values())))
    return blocks.pack(matrices, rejections)


class SilentPublisher:
    """Collects hints instead of sending them."""

    def __init__(self) -> None:
        self.hints: list[UnitHint] = []

    def hint(self, *hints: UnitHint) -> None:
        self.hints += hints


@dataclass
class World:
    ledger: Ledger
    spool: Spool
    inflight: InFlight
    folder: Path
    settings: IndexSettings
    catalogs: Catalogs = field(init=False)

    def __post_init__(self) -> None:
        self.publisher = SilentPublisher()
        self.meanwhile: Callable[[], None] = nobody_waits
        self.start()

    def start(self) -> None:
        self.catalogs = Catalogs(
            self.folder, FaissIndex, TfidfIndex, most_open=2, give_way=lambda: self.meanwhile()
        )
        self.catalogs.acquire()
        matcher = Matcher(Classifiers(()), self.settings.pair_floor)
        self.stages = {
            "ingest": Ingest(self.ledger, self.spool, self.inflight, self.catalogs),
            "match": MatchSlice(self.ledger, self.catalogs, matcher),
            "finish": FinishJob(self.ledger, self.spool, self.catalogs, self.settings),
        }
        context = Context(TfidfIndex(), Vocabulary().rarity, "alone")
        self.answer = AnswerQuery(self.ledger, self.inflight, self.catalogs, matcher, context)

    def restart(self) -> None:
        """What a kill -9 leaves: the files. The lock goes with the process."""
        self.catalogs.close()
        self.start()

    def encoded(
        self,
        chunks: list[list[Offer]],
        slice_listings: int = 100,
        rejections: tuple[Rejection, ...] = (),
        **options: object,
    ) -> tuple[str, list[UnitHint]]:
        """Submit a job whose chunks are encoded already; return it with the hints to ingest."""
        job, row = ids.new_id(), 0
        self.ledger.create(job, JobOptions.model_validate({"catalog": "shop", **options}), slice_listings)
        hints: list[UnitHint] = []
        for number, offers in enumerate(chunks):
            placed = {row + i + 1: offer for i, offer in enumerate(offers)}
            row += len(offers)
            rows = tuple(Row(row=at, listing=offer.listing()) for at, offer in placed.items())
            self.spool.put(chunk_key(job, number), Chunk(job_id=job, rows=rows).model_dump_json().encode())
            hint = self.ledger.add_chunk(job, number, len(rows))
            assert hint is not None
            bad = tuple(r for r in rejections if r.row in placed)
            good = {at: offer for at, offer in placed.items() if at not in {r.row for r in bad}}
            self.inflight.put_block(job, hint.unit, pack(good, bad))
            self.ledger.units.complete(self.ledger.units.claim(hint), encoded_rows=len(rows))
        hints += self.ledger.seal(job) or ()
        return job, hints

    def run(self, hints: list[UnitHint]) -> None:
        """Do the units and all that follow from them."""
        waiting = list(hints)
        while waiting:
            hint = waiting.pop(0)
            run_unit(hint, self.ledger, self.publisher, self.stages[hint.stage])
            waiting += self.publisher.hints
            self.publisher.hints = []

    def submit(self, chunks: list[list[Offer]], **options: object) -> str:
        job, hints = self.encoded(chunks, **options)
        self.run(hints)
        return job

    def page(self, job: str, kind: str) -> list[dict[str, object]]:
        lines: list[str] = []
        for key in sorted(self.spool.keys(f"jobs/{job}/results/{kind}")):
            lines += (self.spool.get(key) or b"").decode().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def world(ledger: Ledger, spool: Spool, inflight: InFlight, tmp_path: Path) -> World:
    made = World(ledger, spool, inflight, tmp_path / "catalogs", IndexSettings(page_rows=2))
    yield made
    made.catalogs.close()


SHIRT, CUP, LAMP = unit(1, 0, 0), unit(0, 1, 0), unit(0, 0, 1)
CATALOG = [
    Offer("a1", "Red cotton shirt size M", SHIRT, SHIRT),
    Offer("a2", "Cotton shirt red, size M", unit(1, 0.1, 0), unit(1, 0, 0.1)),
    Offer("a3", "Red cotton shirt size XL", SHIRT, unit(1, 0.05, 0)),
    Offer("c1", "Coffee cup white 300 ml", CUP, CUP),
    Offer("c2", "coffee cup white 300ml", None, CUP),
    Offer("l1", "Desk lamp", LAMP, None),
]


def test_job_ends_with_pairs_groups_and_counts_when_all_units_ran(world: World) -> None:
    job = world.submit([CATALOG[:4], CATALOG[4:]], slice_listings=4)
    record = world.ledger.read(job)
    assert record.status == "succeeded"
    pairs = {(p["a"], p["b"]): Pair.model_validate(p) for p in world.page(job, "pairs")}
    assert pairs["a1", "a2"].verdict == "duplicate"
    assert pairs["a1", "a3"].verdict == "variant"
    assert pairs["a1", "a3"].image_sim == 1.0
    assert pairs["a1", "a3"].conflicts[0].model_dump() == {"kind": "size", "a": "m", "b": "xl"}
    assert pairs["c1", "c2"].verdict == "duplicate"
    assert pairs["c1", "c2"].image_sim is None
    groups = [Group.model_validate(g) for g in world.page(job, "groups")]
    assert [[m.id for m in g.members] for g in sorted(groups, key=lambda g: g.canonical)] == [
        ["a1", "a2"],
        ["c1", "c2"],
    ]
    counted = {
        name: record.counts[name] for name in ("listings", "rejected", "pairs", "duplicates", "groups")
    }
    assert counted == {"listings": 6, "rejected": 0, "pairs": len(pairs), "duplicates": 2, "groups": 2}
    summary = json.loads(world.spool.get(f"jobs/{job}/results/summary.json") or b"")
    assert summary["page_rows"] == 2
    assert world.spool.get(finished_key(job)) is not None


def test_pairs_are_sorted_when_there_are_several_pages(world: World) -> None:
    job = world.submit([CATALOG])
    pairs = [Pair.model_validate(p) for p in world.page(job, "pairs")]
    assert len(pairs) > 2
    assert pairs == sorted(pairs, key=lambda p: (-p.probability, p.a, p.b))


def test_pairs_are_written_as_their_message_is(world: World) -> None:
    job = world.submit([CATALOG])
    for key in world.spool.keys(f"jobs/{job}/results/pairs"):
        for line in (world.spool.get(key) or b"").decode().splitlines():
            assert Pair.model_validate_json(line).model_dump_json() == line


def _results(world: World, job: str) -> tuple[object, object]:
    return world.page(job, "pairs"), world.page(job, "groups")


@pytest.mark.parametrize(("chunk", "size"), [(1, 1), (2, 3), (6, 6)])
def test_results_do_not_depend_on_order_chunks_or_slices(world: World, chunk: int, size: int) -> None:
    first = _results(world, world.submit([CATALOG], catalog="plain"))
    offers = CATALOG[::-1]
    chunks = [offers[i : i + chunk] for i in range(0, len(offers), chunk)]
    second = _results(world, world.submit(chunks, slice_listings=size, catalog="other"))
    pairs_of = lambda found: found[0]  # noqa: E731
    members_of = lambda found: sorted([m["id"] for m in g["members"]] for g in found[1])  # noqa: E731
    assert pairs_of(first) == pairs_of(second)
    assert members_of(first) == members_of(second)


def test_slices_hold_every_listing_though_the_catalog_changes_between_them(world: World) -> None:
    offers = [Offer(f"n{i}", f"Thing {i}", None, unit(i % 3 == 0, i % 3 == 1, i / 20)) for i in range(12)]
    offers += [replace(offer, id=f"t{offer.id}") for offer in offers]
    job, hints = world.encoded([offers], slice_listings=5)
    run_unit(hints[0], world.ledger, world.publisher, world.stages["ingest"])
    slices, world.publisher.hints = world.publisher.hints, []
    assert len(slices) == 5
    world.run(slices[3:])
    order = world.catalogs.get("shop").jobs.keys(job).tolist()
    assert sorted(order) == sorted(_keys(*(offer.id for offer in offers)))
    assert order != _keys(*sorted(offer.id for offer in offers))
    world.submit([[replace(offer, text=unit(i % 2, 1, 0)) for i, offer in enumerate(offers)]])
    world.restart()
    shop = world.catalogs.get("shop")
    assert shop.jobs.keys(job).tolist() == order != shop.alike(np.sort(order)).tolist()
    world.run(slices[:3])
    found = {(pair["a"], pair["b"]) for pair in world.page(job, "pairs")}
    assert {(offer.id, f"t{offer.id}") for offer in offers[:12]} <= found


def test_redelivered_chunk_changes_nothing(world: World) -> None:
    job, hints = world.encoded([CATALOG])
    claim = world.ledger.units.claim(hints[0])
    world.stages["ingest"](claim)
    before = list(world.catalogs.get("shop").database.connection.iterdump())
    # The block is gone by now: the finished chunk is known from the store.
    world.stages["ingest"](claim)
    assert list(world.catalogs.get("shop").database.connection.iterdump()) == before
    assert world.ledger.read(job).counts["listings"] == 6


def test_chunk_goes_back_to_encoding_when_its_embeddings_are_lost(world: World) -> None:
    job, hints = world.encoded([CATALOG])
    world.inflight.drop_block(job, "0")
    run_unit(hints[0], world.ledger, world.publisher, world.stages["ingest"])
    assert world.publisher.hints == [UnitHint(job_id=job, stage="encode", unit="0")]
    assert world.ledger.read(job).counts["encoded_rows"] == 0


def test_an_open_catalog_stays_open_when_the_spool_is_away(world: World) -> None:
    world.submit([CATALOG])
    catalog = world.catalogs.get("shop")
    _, hints = world.encoded([CATALOG[:2]])
    away = Spool.connect("http://127.0.0.1:9/")
    ingest = Ingest(world.ledger, away, world.inflight, world.catalogs)
    with pytest.raises(SpoolUnavailable):
        ingest(world.ledger.units.claim(hints[0]))
    assert world.catalogs.get("shop") is catalog


def test_corrupt_embeddings_are_encoded_again(world: World) -> None:
    job, hints = world.encoded([CATALOG])
    block = world.inflight.get_block(job, "0") or b""
    world.inflight.put_block(job, "0", block[:-1] + bytes([block[-1] ^ 1]))
    run_unit(hints[0], world.ledger, world.publisher, world.stages["ingest"])
    assert [hint.stage for hint in world.publisher.hints] == ["encode"]


def test_catalog_answers_alike_when_reopened_between_stages(world: World) -> None:
    expected = _results(world, world.submit([CATALOG], catalog="plain"))[0]
    job, hints = world.encoded([CATALOG[:3], CATALOG[3:]])
    while hints:
        hint = hints.pop(0)
        run_unit(hint, world.ledger, world.publisher, world.stages[hint.stage])
        hints += world.publisher.hints
        world.publisher.hints = []
        world.restart()
    assert _results(world, job)[0] == expected


def test_older_job_does_not_overwrite_a_newer_one(world: World) -> None:
    older, waiting = world.encoded([[Offer("x", "old title", None, SHIRT)]])
    world.submit([[Offer("x", "new title", None, CUP)]])
    world.run(waiting)
    assert world.ledger.read(older).status == "succeeded"
    shop = world.catalogs.get("shop")
    assert [stored.title for stored in shop.listings.get(_keys("x")).values()] == ["new title"]


def _spoil_outcomes(world: World) -> None:
    """Let every slice that was matched before have been matched with nothing."""
    shop = world.catalogs.get("shop")
    for (name,) in shop.database.connection.execute("SELECT slice FROM outcomes").fetchall():
        shop.outcomes.put(name, [])


def test_a_catalog_that_is_submitted_unchanged_is_not_matched_again(world: World) -> None:
    first = world.submit([CATALOG], slice_listings=4)
    turned = CATALOG[::-1]
    again = world.submit([turned[:2], turned[2:]], slice_listings=4)
    assert _results(world, again) == _results(world, first)
    _spoil_outcomes(world)
    assert world.page(world.submit([CATALOG], slice_listings=4), "pairs") == []


@pytest.mark.parametrize("what", ["changed", "vector", "added", "options", "among", "process"])
def test_what_was_matched_holds_no_longer(world: World, what: str) -> None:
    world.submit([CATALOG])
    _spoil_outcomes(world)
    offers, options = list(CATALOG), {}
    if what == "changed":
        offers[5] = replace(offers[5], title="Desk lamp, black")
    elif what == "vector":
        offers[5] = replace(offers[5], image=unit(0, 0.1, 1))
    elif what == "added":
        world.submit([[Offer("z9", "Garden chair", None, unit(1, 1, 1))]])
    elif what == "options":
        options = {"threshold": 0.4}
    elif what == "among":
        world.submit([CATALOG[:2]], against="submission")
    else:
        world.restart()
    job = world.submit([offers], **options)
    assert {("a1", "a2"), ("c1", "c2")} <= {(p["a"], p["b"]) for p in world.page(job, "pairs")}


def test_an_unchanged_listing_may_have_its_image_elsewhere(world: World) -> None:
    world.submit([CATALOG])
    elsewhere = CATALOG[0].listing().model_copy(update={"image": "https://example.com/new.jpg"})
    job, hints = world.encoded([CATALOG[:1]])
    rows = (Row(row=1, listing=elsewhere),)
    world.spool.put(chunk_key(job, 0), Chunk(job_id=job, rows=rows).model_dump_json().encode())
    world.run(hints)
    shop = world.catalogs.get("shop")
    assert shop.listings.get(_keys("a1"))[_keys("a1")[0]].image == "https://example.com/new.jpg"
    assert shop.listings.sequences(["a1"])["a1"] > shop.listings.sequences(["a2"])["a2"]


def _keys(*names: str) -> list[int]:
    from workers.index.keys import keys_of

    return [int(key) for key in keys_of(names)]


def test_rejections_are_counted_and_listed(world: World) -> None:
    bad = Rejection(row=2, listing_id="a2", code="image_broken", detail="not an image")
    job = world.submit([CATALOG[:3]], rejections=(bad,))
    assert world.page(job, "rejections") == [bad.model_dump()]
    counts = world.ledger.read(job).counts
    assert (counts["listings"], counts["rejected"]) == (2, 1)


def test_job_fails_with_a_reason_when_the_catalog_holds_another_model(world: World) -> None:
    world.submit([CATALOG])
    job, hints = world.encoded([CATALOG])
    world.inflight.put_block(job, "0", pack({1: CATALOG[0]}, model="other"))
    world.run(hints)
    error = world.ledger.read(job).error
    assert error is not None
    assert error["code"] == "profile_mismatch"
    assert "fake:image" in error["detail"]


def test_submission_is_matched_with_itself_only_when_asked(world: World) -> None:
    world.submit([[CATALOG[0]]])
    job = world.submit([CATALOG[1:3]], against="submission")
    assert {(p["a"], p["b"]) for p in world.page(job, "pairs")} == {("a2", "a3")}


def test_submission_is_matched_with_another_catalog_when_asked(world: World) -> None:
    world.submit([[CATALOG[0]]], catalog="master")
    job = world.submit([[CATALOG[1]]], against="catalog:master")
    assert {(p["a"], p["b"]) for p in world.page(job, "pairs")} == {("a2", "a1")}


# The same photo, the same meaning, the same words: each with one other listing only.
BY_CHANNEL = [
    Offer("asked", "blue ceramic teapot", unit(1, 0, 0), unit(1, 0, 0)),
    Offer("photo", "wooden garden chair", unit(1, 0, 0), unit(0, 1, 0)),
    Offer("meaning", "kettle of stoneware", unit(0, 1, 0), unit(1, 0, 0)),
    Offer("words", "blue ceramic teapot", unit(0.5, 0, 1), unit(0.5, 0, 1)),
]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, {"photo", "meaning", "words"}),
        ({"k_image": 0, "k_text": 0}, {"words"}),
        ({"k_image": 0, "k_lexical": 0}, {"meaning"}),
        ({"k_text": 0, "k_lexical": 0}, {"photo"}),
        ({"k_image": 0}, {"meaning", "words"}),
    ],
)
def test_candidates_come_from_the_channels_that_are_on(
    world: World, limits: dict[str, int], expected: set[str]
) -> None:
    world.submit([BY_CHANNEL[1:]], catalog="other")
    options = {"k_image": 1, "k_text": 1, "k_lexical": 1, **limits}
    across = world.submit([BY_CHANNEL[:1]], catalog="apart", against="catalog:other", **options)
    within = world.submit([BY_CHANNEL[:1]], catalog="other", **options)
    assert {p["b"] for p in world.page(across, "pairs")} == expected
    assert {p["a"] if p["b"] == "asked" else p["b"] for p in world.page(within, "pairs")} == expected
    wish = Offer("query", BY_CHANNEL[0].title, BY_CHANNEL[0].image, BY_CHANNEL[0].text)
    world.submit([BY_CHANNEL[1:]], catalog="searched")
    found = _ask(world, "search", [wish], lambda q: q.model_copy(update={"catalog": "searched", **options}))
    assert {match["listing_id"] for match in found["matches"]} == expected


def test_a_switched_off_channel_is_still_evidence(world: World) -> None:
    job = world.submit([CATALOG], k_image=0, k_text=0)
    (pair,) = (p for p in world.page(job, "pairs") if (p["a"], p["b"]) == ("a1", "a2"))
    assert pair["image_sim"] is not None
    assert pair["text_sim"] is not None


def test_job_fails_when_the_catalog_to_match_against_is_unknown(world: World) -> None:
    job = world.submit([[CATALOG[0]]], against="catalog:nowhere")
    error = world.ledger.read(job).error
    assert error is not None
    assert error["code"] == "catalog_unknown"


def test_finish_writes_the_same_counts_when_it_died_after_the_record(world: World) -> None:
    job, hints = world.encoded([CATALOG])
    hints = _until_finish(world, hints)
    finish = world.stages["finish"]
    claim = world.ledger.units.claim(hints[0])
    with world.catalogs.changing("shop") as shop:
        ended = finish._write(shop, world.ledger.read(job))
        with shop.database.transaction():
            shop.jobs.forget(job)
    pages = _results(world, job)
    finish(claim)
    assert _results(world, job) == pages
    assert world.ledger.read(job).counts["pairs"] == ended.fields["pairs"]


def test_what_a_cancelled_job_left_goes_when_another_one_finishes(world: World) -> None:
    cancelled, hints = world.encoded([CATALOG[:2], CATALOG[2:]])
    run_unit(hints[0], world.ledger, world.publisher, world.stages["ingest"])
    world.publisher.hints = []
    world.ledger.cancel(cancelled)
    waiting, _ = world.encoded([CATALOG[:1]])
    world.submit([CATALOG])
    with world.catalogs.changing("shop") as shop:
        assert cancelled not in shop.jobs.known()
        assert shop.jobs.listings(cancelled) == []
    assert world.ledger.read(waiting).status == "running"


def _until_finish(world: World, hints: list[UnitHint]) -> list[UnitHint]:
    while [hint.stage for hint in hints] != ["finish"]:
        hint = hints.pop(0)
        run_unit(hint, world.ledger, world.publisher, world.stages[hint.stage])
        hints += world.publisher.hints
        world.publisher.hints = []
    return hints


def _ask(
    world: World, kind: str, offers: list[Offer], change: Callable[[Query], Query] = lambda q: q
) -> dict[str, object]:
    job = ids.new_id()
    query = change(
        Query(
            job_id=job,
            kind=kind,
            listings=tuple(offer.listing() for offer in offers),
            payload_keys=(None,) * len(offers),
            deadline_ms=2**62,
        )
    )
    world.ledger.create_query(job, kind, query.deadline_ms)
    world.inflight.put_block(job, "query", pack(dict(enumerate(offers))))
    run_query(query, world.ledger, world.answer)
    record = world.ledger.read(job)
    return {"status": record.status, **(record.result or {}), **(record.error or {})}


def test_two_listings_are_compared_without_a_catalog(world: World) -> None:
    answer = _ask(world, "dedup", CATALOG[:2])
    assert (answer["verdict"], answer["calibrated"], answer["threshold"]) == ("duplicate", False, 0.5)
    assert answer["fused_sim"] == pytest.approx((answer["image_sim"] + answer["text_sim"]) / 2)


def test_listings_with_nothing_in_common_are_refused(world: World) -> None:
    answer = _ask(world, "dedup", [CATALOG[4], CATALOG[5]])
    assert (answer["status"], answer["code"]) == ("failed", "not_comparable")


def test_search_returns_the_nearest_first(world: World) -> None:
    world.submit([CATALOG])
    wish = Offer("", "red shirt cotton", SHIRT, SHIRT)
    wish.listing = lambda: Listing(id="query", title=wish.title)  # type: ignore[method-assign]
    answer = _ask(world, "search", [wish], lambda q: q.model_copy(update={"catalog": "shop", "k": 2}))
    assert [match["listing_id"] for match in answer["matches"]] == ["a1", "a3"]


def test_search_fails_when_the_catalog_is_unknown(world: World) -> None:
    answer = _ask(world, "search", CATALOG[:1], lambda q: q.model_copy(update={"catalog": "nowhere"}))
    assert (answer["status"], answer["code"]) == ("failed", "catalog_unknown")


def test_query_is_dropped_when_past_its_deadline(world: World) -> None:
    answer = _ask(world, "dedup", CATALOG[:2], lambda q: q.model_copy(update={"deadline_ms": 1}))
    assert answer["status"] == "running"


def test_accepted_job_restored_after_redis_was_lost_ends_with_the_same_results(world: World) -> None:
    job = world.submit([CATALOG[:3]])
    before = _results(world, job)
    record = world.ledger.read(job)
    world.ledger.upkeep.forget(job)
    accepted = AcceptedJob(
        job_id=job, sequence=record.sequence, options=record.options, chunks=1, rows=3, slice_listings=100
    )
    hints = world.ledger.restore(accepted, [3])
    world.inflight.put_block(job, "0", pack(dict(enumerate(CATALOG[:3], 1))))
    claim = world.ledger.units.claim(hints[0])
    world.run(list(world.ledger.units.complete(claim, encoded_rows=3)))
    assert world.ledger.read(job).status == "succeeded"
    assert _results(world, job) == before


def test_a_chunk_that_was_halved_before_redis_was_lost_is_no_duplicate_of_itself(world: World) -> None:
    job, hints = world.encoded([CATALOG[:2], CATALOG[2:4]])
    record = world.ledger.read(job)
    world.run(hints[:1])
    world.ledger.upkeep.forget(job)
    accepted = AcceptedJob(
        job_id=job, sequence=record.sequence, options=record.options, chunks=2, rows=4, slice_listings=100
    )
    whole, rest = world.ledger.restore(accepted, [2, 2])
    waiting: list[UnitHint] = []
    for half in world.ledger.units.split(world.ledger.units.claim(whole)):
        at = int(half.unit[-1])
        world.inflight.put_block(job, half.unit, pack({at + 1: CATALOG[at]}))
        waiting += world.ledger.units.complete(world.ledger.units.claim(half), encoded_rows=1)
    world.inflight.put_block(job, rest.unit, pack(dict(enumerate(CATALOG[2:4], 3))))
    waiting += world.ledger.units.complete(world.ledger.units.claim(rest), encoded_rows=2)
    world.run(waiting)
    record = world.ledger.read(job)
    assert (record.status, record.counts["listings"], record.counts["rejected"]) == ("succeeded", 4, 0)
    assert world.page(job, "rejections") == []


def _in(catalog: str) -> Callable[[Query], Query]:
    return lambda query: query.model_copy(update={"catalog": catalog})


@pytest.mark.parametrize("against", ["catalog", "submission", "catalog:third"])
def test_queries_in_the_midst_of_a_job_find_what_is_there_and_change_nothing(
    world: World, against: str
) -> None:
    # Two others than the job's are more than may be open.
    names = ("asked", "second", "third")
    for name in names:
        world.submit([CATALOG[3:]], catalog=name)
    world.submit([CATALOG[3:]], catalog="alone")
    found: list[dict[str, object]] = []

    def meanwhile() -> None:
        world.meanwhile = nobody_waits
        found.extend(_ask(world, "search", CATALOG[3:4], _in(name)) for name in names)
        world.meanwhile = meanwhile

    alone = world.submit([CATALOG[:3]], catalog="alone", against=against)
    world.meanwhile = meanwhile
    asked = world.submit([CATALOG[:3]], catalog="asked", against=against)
    assert len(found) >= 2 * len(names)
    assert {answer["matches"][0]["listing_id"] for answer in found} == {"c1"}  # type: ignore[index]
    assert world.page(asked, "pairs") == world.page(alone, "pairs")
