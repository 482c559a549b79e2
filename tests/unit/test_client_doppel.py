"""The client against a real HTTP server that plays the service."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from client import Doppel, DoppelHTTPError, JobFailed, NoAnswer, WaitTimeout
from client.commands.submissions import follow
from client.models import Job
from tests.played_service import Answer, Service

JOB = {"id": "J1", "kind": "submission", "status": "running", "stage": "encode", "counts": {"rows": 4}}
DONE = JOB | {"status": "succeeded", "stage": None, "a_field_of_a_newer_service": 1}


@pytest.fixture
def service() -> Iterator[Service]:
    playing = Service()
    yield playing
    playing.close()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def doppel(service: Service, pauses: list[float]) -> Iterator[Doppel]:
    with Doppel(service.url, pause=pauses.append) as client:
        yield client


def problem(status: int, code: str, **headers: str) -> Answer:
    body = {"code": code, "detail": "it cannot be", "status": status}
    return Answer(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def test_pages_are_followed_also_over_empty_ones(service: Service, doppel: Doppel) -> None:
    pair = {"a": "x", "b": "y", "verdict": "variant", "probability": 0.2}
    conflict = {"kind": "size", "a": "M", "b": "L"}
    service.answers = [
        Answer({"items": [pair], "next": "/api/jobs/J1/pairs?cursor=c1"}),
        Answer({"items": [], "next": "/api/jobs/J1/pairs?cursor=c2"}),
        Answer({"items": [pair | {"conflicts": [conflict]}], "next": None}),
    ]
    found = list(doppel.pairs("J1", verdict="variant", min_probability=0.0))
    assert [p.verdict for p in found] == ["variant", "variant"]
    assert found[1].conflicts[0].b == "L"
    assert service.asked[0].path == "/api/jobs/J1/pairs?limit=1000&verdict=variant&min_probability=0.0"
    assert service.asked[2].path == "/api/jobs/J1/pairs?cursor=c2"


def test_pages_are_asked_for_when_needed(service: Service, doppel: Doppel) -> None:
    group = {"id": "g", "canonical": "x", "size": 2, "members": [{"id": "x", "probability": 1.0}]}
    service.answers = [Answer({"items": [group], "next": "/later"})]
    assert next(doppel.groups("J1")).members[0].id == "x"
    assert len(service.asked) == 1


def test_wait_comes_back_when_told(service: Service, doppel: Doppel, pauses: list[float]) -> None:
    date = {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}
    service.answers = [Answer(JOB, headers={"Retry-After": "7"}), Answer(JOB), Answer(JOB, headers=date)]
    service.answers += [Answer(DONE)]
    seen: list[Job] = []
    assert doppel.wait("J1", on_progress=seen.append).status == "succeeded"
    assert [job.status for job in seen] == ["running", "running", "running", "succeeded"]
    assert pauses[:2] == [7.0, 1.0]
    assert pauses[2] > 1e9


def test_wait_gives_up_in_time(service: Service, doppel: Doppel) -> None:
    service.answers = [Answer(JOB)]
    with pytest.raises(WaitTimeout, match="J1 has not ended"):
        doppel.wait("J1", timeout_s=-1)


@pytest.mark.parametrize(("status", "code"), [("failed", "profile_mismatch"), ("cancelled", "job_cancelled")])
def test_wait_tells_why_a_job_failed(service: Service, doppel: Doppel, status: str, code: str) -> None:
    error = {"code": code, "detail": "reason"} if status == "failed" else None
    service.answers = [Answer(JOB | {"status": status, "error": error})]
    with pytest.raises(JobFailed) as caught:
        doppel.wait("J1")
    assert caught.value.code == code


def test_a_problem_is_an_error_with_its_fields(service: Service, doppel: Doppel) -> None:
    body = {
        "code": "invalid",
        "detail": "no",
        "errors": [{"location": "query.k", "detail": "> 100", "code": "x"}],
    }
    service.answers = [Answer(body, 422)]
    with pytest.raises(DoppelHTTPError, match=r"query\.k: > 100") as caught:
        doppel.job("J1")
    assert (caught.value.status, caught.value.code) == (422, "invalid")


def test_an_answer_of_something_else_is_an_error_too(service: Service, doppel: Doppel) -> None:
    service.answers = [Answer(b"<html>no</html>", 502)]
    with pytest.raises(DoppelHTTPError) as caught:
        doppel.job("J1")
    assert caught.value.code == "http_502"


def test_overload_is_waited_out(service: Service, doppel: Doppel, pauses: list[float]) -> None:
    service.answers = [
        problem(503, "ledger_unavailable", Retry_After="3"),
        problem(429, "busy"),
        Answer(DONE),
    ]
    assert doppel.job("J1").ended
    assert pauses == [3.0, 2.0]


def test_overload_ends_as_an_error(service: Service, doppel: Doppel) -> None:
    service.answers = [problem(503, "ledger_unavailable", Retry_After="1")] * 4
    with pytest.raises(DoppelHTTPError) as caught:
        doppel.job("J1")
    assert caught.value.retry_after_s == 1.0


def test_nobody_listens(pauses: list[float]) -> None:
    with Doppel("http://127.0.0.1:1", pause=pauses.append) as client, pytest.raises(NoAnswer, match=":1"):
        client.job("J1")
    assert len(pauses) == 3


def test_a_service_that_went_away_is_waited_for(service: Service) -> None:
    service.answers = [Answer(JOB)]
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        if not pauses:
            service.close()
        pauses.append(seconds)

    console = Console(file=io.StringIO())
    with Doppel(service.url, pause=pause) as client, pytest.raises(NoAnswer, match="doppel watch J1"):
        follow(client, "J1", console)
    assert 25 < sum(pauses) < 40


def test_listings_stream_as_ndjson(service: Service, doppel: Doppel) -> None:
    service.answers = [Answer(JOB, 202)]
    sent: list[int] = []
    listings = ({"id": str(n), "title": "Cup", "image": b"\x89PNG"} for n in range(3))
    job = doppel.submit("shop", listings, against="submission", k=5, k_lexical=50, on_bytes=sent.append)
    assert job.id == "J1"
    asked = service.asked[0]
    assert asked.path == "/api/catalogs/shop/submissions?against=submission&k=5&k_lexical=50"
    assert asked.headers["Content-Type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in asked.body.splitlines()]
    assert rows[2] == {"id": "2", "title": "Cup", "image": "data:image/png;base64,iVBORw=="}
    assert sent == [len(asked.body)]


def test_a_file_is_sent_again_under_the_same_key(service: Service, doppel: Doppel, tmp_path: Path) -> None:
    table = tmp_path / "t.CSV"
    table.write_bytes(b"sku,name\n1,Cup\n")
    service.answers = [problem(503, "spool_unavailable"), Answer(JOB, 202)]
    doppel.submit("shop", table, columns={"id": "sku", "title": "name"})
    first, second = service.asked
    assert first.body == second.body == table.read_bytes()
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert second.path.endswith("?id_column=sku&title_column=name")
    assert second.headers["Content-Type"] == "text/csv"


def test_parquet_is_sent_as_it_is(service: Service, doppel: Doppel, tmp_path: Path) -> None:
    table = tmp_path / "t.parquet"
    table.write_bytes(b"PAR1\xff\0PAR1")
    service.answers = [Answer(JOB, 202)]
    doppel.submit("shop", table)
    (asked,) = service.asked
    assert asked.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert asked.body == table.read_bytes()


def test_listings_that_cannot_be_sent_again_are_not(service: Service, doppel: Doppel) -> None:
    service.answers = [problem(503, "spool_unavailable")]
    with pytest.raises(DoppelHTTPError):
        doppel.submit("shop", iter([{"id": "1"}]))
    assert len(service.asked) == 1


def test_a_comparison_waits_for_its_answer(service: Service, doppel: Doppel) -> None:
    result = {"verdict": "duplicate", "probability": 0.9, "threshold": 0.5, "evidence": {"x": {"value": 1}}}
    query = {"id": "Q1", "kind": "dedup", "status": "running"}
    service.answers = [Answer(query, 202), Answer(query | {"status": "succeeded", "result": result})]
    assert doppel.dedup({"title": "a"}, {"title": "b", "image": None}).verdict == "duplicate"
    assert json.loads(service.asked[0].body) == {"a": {"title": "a"}, "b": {"title": "b"}}
    assert service.asked[0].headers["Prefer"] == "wait=10"
    assert service.asked[1].path == "/api/jobs/Q1"


def test_a_search_returns_matches(service: Service, doppel: Doppel) -> None:
    match = {"listing_id": "x", "verdict": "variant", "probability": 0.3, "title": "Cup"}
    answer = {"id": "Q1", "kind": "search", "status": "succeeded", "result": {"matches": [match]}}
    service.answers = [Answer(answer)]
    assert [m.title for m in doppel.search("shop", title="cup", k=3, k_text=0)] == ["Cup"]
    assert json.loads(service.asked[0].body) == {"title": "cup", "catalog": "shop", "k": 3, "k_text": 0}


def test_jobs_and_cancel(service: Service, doppel: Doppel) -> None:
    service.answers = [Answer({"items": [JOB], "next": None}), Answer(JOB | {"status": "cancelled"})]
    assert [job.id for job in doppel.jobs(status="running")] == ["J1"]
    assert doppel.cancel("J1").status == "cancelled"
    assert service.asked[1].method == "DELETE"


def test_a_key_goes_with_every_request(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOPPEL_API_KEY", "dpl_1_env")
    service.answers = [Answer({"items": [], "next": None})] * 2
    for key in (None, "dpl_2_own"):
        with Doppel(service.url, key=key) as client:
            assert list(client.jobs()) == []
    sent = [asked.headers["Authorization"] for asked in service.asked]
    assert sent == ["Bearer dpl_1_env", "Bearer dpl_2_own"]
