"""The soak's own judgement: it must see what is lost, what comes twice, and what grows."""

import json
import sqlite3
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest
from PIL import Image

from local.ports import free_port
from tests.played_service import Answer, Service
from tests.soak.accounting import wrong_in_job, wrong_in_store, wrong_jobs
from tests.soak.aftermath import difference
from tests.soak.books import Books
from tests.soak.customer import Insisting
from tests.soak.flatness import JUDGED, line, not_flat, trends
from tests.soak.goods import Shelf, Submission
from tests.soak.page import page
from tests.soak.plot import draw
from tests.soak.watch import ProcessSample, Sample
from tests.support import Json

SENT = Submission(
    rows=[{"id": name} for name in ("a", "b", "c", "bad")],
    listings=frozenset({"a", "b", "c"}),
    rejections={"bad": "image_broken"},
    twins=frozenset({("a", "b")}),
)


def ended(**counts: int) -> Json:
    return {
        "status": "succeeded",
        "error": None,
        "counts": {"rows": 4, "listings": 3, "rejected": 1} | counts,
    }


def outcome(**parts: list[Json]) -> Json:
    return {
        "pairs": [{"a": "a", "b": "b", "verdict": "duplicate"}],
        "groups": [{"members": [{"id": "a"}, {"id": "b"}]}],
        "rejections": [{"listing_id": "bad", "code": "image_broken"}],
    } | parts


def test_a_job_that_went_well_has_nothing_wrong() -> None:
    assert wrong_in_job(SENT, ended(), outcome()) == []


@pytest.mark.parametrize(
    ("job", "told", "wrong"),
    [
        (ended() | {"status": "failed", "error": {"code": "internal"}}, {}, "ended as failed"),
        (ended(listings=2), outcome(), "2 listings, not 3"),
        (ended(rows=5), outcome(), "5 rows, not 4"),
        (ended(rejected=2), outcome(), "are not"),
        (ended(), outcome(rejections=[]), "rejections differ"),
        (
            ended(),
            outcome(rejections=[{"listing_id": "bad", "code": "encoder_crashed"}]),
            "rejections differ",
        ),
        (ended(), outcome(rejections=outcome()["rejections"] * 2), "rejections differ"),
        (ended(), outcome(pairs=[]), "twins not found"),
        (ended(), outcome(pairs=[{"a": "a", "b": "b", "verdict": "variant"}]), "twins not found"),
        (ended(), outcome(pairs=outcome()["pairs"] * 2), "told twice"),
        (ended(), outcome(pairs=[*outcome()["pairs"], {"a": "x", "b": "y", "verdict": "variant"}]), "others"),
        (ended(), outcome(groups=outcome()["groups"] * 2), "in two groups"),
    ],
)
def test_what_is_wrong_in_a_job_is_seen(job: Json, told: Json, wrong: str) -> None:
    assert any(wrong in what for what in wrong_in_job(SENT, job, told))


def test_a_store_that_lost_or_doubled_a_listing_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE listings (id TEXT)")
        store.executemany("INSERT INTO listings VALUES (?)", [("a",), ("b",)])
    assert wrong_in_store(path, {"a", "b"}) == []
    assert "LOST, 1 listings: c" in wrong_in_store(path, {"a", "b", "c"})
    assert wrong_in_store(path, {"a", "b", "c"}, all_of_them=False) == []
    assert "stored, never taken: b" in wrong_in_store(path, {"a"})
    with sqlite3.connect(path) as store:
        store.execute("INSERT INTO listings VALUES ('a')")
    store.close()
    assert "stored twice: a" in wrong_in_store(path, {"a", "b"})


def test_a_second_job_and_a_lost_one_are_seen() -> None:
    assert wrong_jobs({"1"}, {"1": True, "given-up": False}) == []
    assert wrong_jobs({"1"}, {"1": True, "2": True}) == ["jobs that no client was told of: 2"]
    assert wrong_jobs({"1", "2"}, {"1": True}) == ["jobs that the ledger never showed: 2"]


def test_submissions_depend_on_the_seed_alone_and_say_what_must_come_of_them() -> None:
    shelf, again = Shelf(3), Shelf(3)
    for number in range(6):
        sent = shelf.next(deadly=number == 2)
        assert sent == again.next(deadly=number == 2)
        ids = [row["id"] for row in sent.rows]
        assert len(set(ids)) == len(ids) == len(sent.listings) + len(sent.rejections)
        assert set(ids) == sent.listings | set(sent.rejections)
        by_id = shelf.held
        assert all(by_id[a]["title"] == by_id[b]["title"] for a, b in sent.twins)
        assert all(by_id[a]["image"] == by_id[b]["image"] for a, b in sent.twins)
        assert sent.listings <= set(shelf.held)
    titles = [row["title"] for row in Shelf(4).next().rows if row["title"]]
    assert len(titles) - len(set(titles)) <= len(titles) * 0.05 + 1, "only twins share a title"


def test_outcomes_that_differ_in_one_digit_differ() -> None:
    assert difference(outcome(), outcome()) is None
    assert difference({"pairs": [{"p": 0.1}]}, {"pairs": [{"p": 0.1000001}]}) == "pairs"


def soaked(rise: float = 0.0, fds: int = 20, *, spikes: bool = False, pid: int = 1) -> list[Sample]:
    """An hour, a sample a minute, in which the index worker gains `rise` MB and at last has so many `fds`."""
    found = []
    for minute in range(61):
        usual = [ProcessSample(name, 1, 100.0, 20, 4) for name in JUDGED if name != "index"]
        spike = 80.0 if spikes and minute % 9 == 0 else 0.0
        more = fds if minute > 45 else 20
        index = ProcessSample("index", 1 if minute < 50 else pid, 200 + rise * minute / 60 + spike, more, 4)
        found.append(
            Sample(
                minute * 60.0,
                [*usual, index],
                {"jobs": 30, "idem": minute},
                5.0,
                0,
                0,
                3,
                500,
                40,
                0,
                minute,
                0,
            )
        )
    return found


def test_what_stays_as_it_is_is_flat_whatever_its_spikes() -> None:
    assert not_flat(soaked(), 3600) == []
    assert not_flat(soaked(spikes=True), 3600) == []
    assert not_flat(soaked(rise=-50), 3600) == []


def test_growth_is_seen() -> None:
    grown = not_flat(soaked(rise=90), 3600)
    assert len(grown) == 1
    assert "index: rss_mb rose by 45" in grown[0]
    (trend,) = [t for t in trends(soaked(rise=90), 3600) if (t.who, t.what) == ("index", "rss_mb")]
    assert (trend.per_hour, trend.level, trend.flat) == (90, 245, False)
    assert any("index: fds" in what for what in not_flat(soaked(fds=40), 3600))


def test_growth_of_those_that_are_killed_is_seen() -> None:
    def killed(late_mb: float) -> list[str]:
        samples = soaked()
        for minute, sample in enumerate(samples):
            # A new process every few minutes, which starts small.
            size = (late_mb if minute > 30 else 100.0) if minute % 5 else 40.0
            sample.processes.append(ProcessSample("encoder", 1000 + minute // 5, size, 20, 4))
        return not_flat(samples, 3600)

    assert killed(110) == []
    assert killed(120) == ["encoder: 120 MB at most in the second half, 100.0 MB in the first"]


def test_a_process_that_was_to_be_spared_and_was_not_is_no_evidence() -> None:
    assert any("was to be spared" in what for what in not_flat(soaked(pid=2), 3600))


def test_a_line_follows_most_of_its_points() -> None:
    slope, level = line([0, 1, 2, 3, 4, 5], [1, 3, 5, 100, 9, 11])
    assert (slope, level) == (2, 1)


def test_the_page_says_what_did_not_hold() -> None:
    plan = {"minutes": 12, "per_s": 40, "trouble_every_s": 6}
    report = {
        "plan": plan, "figures": {"jobs_compared_with_quiet_run": 3, "rows": 50_000}, "wrong": ["LOST"],
        "not_flat": ["index grew"], "flatness_judged": True, "early_share": 0.4, "trends": [], "peaks_mb": {},
    }  # fmt: skip
    text = page(report, Path("docs/soak.png"))
    assert "It did not hold" in text
    assert "* LOST" in text
    assert "* index grew" in text
    assert "(soak.png)" in text
    assert "It held" in page(report | {"wrong": [], "not_flat": []}, None)


def test_a_customer_insists_at_another_gateway_with_the_same_request(service: Service) -> None:
    port = int(service.url.rsplit(":", 1)[1])
    transport = Insisting((free_port(), port))
    service.answers = [Answer({}, 503), Answer({}, 409), Answer({"id": "j"}, 202)]
    with httpx.Client(base_url=service.url, transport=transport) as http:
        answer = http.post("/jobs", content=b"rows", headers={"Idempotency-Key": "k"})
    assert answer.json() == {"id": "j"}
    assert [(asked.body, asked.headers["Idempotency-Key"]) for asked in service.asked] == [(b"rows", "k")] * 3
    assert transport.repeats >= 4, "in between it asked where nobody listens"


@pytest.mark.parametrize("status", [404, 410, 422, 500])
def test_a_customer_takes_no_for_an_answer(service: Service, status: int) -> None:
    service.answers = [Answer({"code": "no"}, status)]
    transport = Insisting((int(service.url.rsplit(":", 1)[1]),))
    with httpx.Client(base_url=service.url, transport=transport) as http:
        assert http.get("/jobs/1").status_code == status
    assert transport.repeats == 0


def test_a_job_that_changes_when_it_is_sent_again_is_a_complaint() -> None:
    books = Books()
    books.accept("1")
    books.accept("2", resent="2")
    assert (books.wrong, books.resent) == ([], 1)
    books.accept("3", resent="4")
    assert books.wrong == ["sent again, job 3 became job 4"]


def test_a_report_read_from_a_file_is_drawn(tmp_path: Path) -> None:
    report = {
        "plan": {"minutes": 60},
        "samples": [asdict(sample) for sample in soaked()],
        "troubles": [{"at_s": 60.0, "what": "killed", "whom": "encoder"}],
    }
    draw(json.loads(json.dumps(report)), tmp_path / "soak.png")
    with Image.open(tmp_path / "soak.png") as image:
        assert image.width > 1000
