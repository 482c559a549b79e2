"""Keys for some catalogs: the others are out of reach, by whatever way they are named."""

import base64
from typing import Any

import pytest

from shared.ids import new_id
from shared.ledger import Ledger
from shared.messages import JobOptions
from tests.gate import NDJSON, ROW, TITLES, Gate, code, job_in


def naming(catalog: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every way of naming a catalog in a request."""
    rows: dict[str, Any] = {"content": ROW, "headers": NDJSON}
    return [
        ("POST", f"/api/catalogs/{catalog}/submissions", rows),
        ("POST", f"/api/catalogs/shop/submissions?against=catalog:{catalog}", rows),
        ("POST", f"/api/catalogs/{catalog}/rematches", {}),
        ("POST", "/api/search", {"json": {"catalog": catalog, "title": "A"}}),
        ("POST", "/api/search", {"files": {"title": (None, "A"), "catalog": (None, catalog)}}),
        ("POST", "/api/dedup", {"json": TITLES | {"catalog": catalog}}),
        ("GET", f"/api/jobs?catalog={catalog}", {}),
    ]


def test_catalogs_out_of_scope_are_refused_wherever_they_are_named(gate: Gate) -> None:
    _, key = gate.key("admin", "shop", "second")
    for method, path, request in naming("other"):
        assert code(gate.ask(method, path, key, **request)) == (403, "catalog_forbidden"), path
    assert gate.ask("GET", "/api/jobs", gate.key("read")[1]).json()["items"] == []
    for method, path, request in naming("second"):
        assert gate.ask(method, path, key, **request).status_code in (200, 202), path


def test_a_job_against_another_catalog_needs_both(gate: Gate) -> None:
    _, both = gate.key("submit", "shop", "other")
    path = "/api/catalogs/shop/submissions?against=catalog:other"
    job = gate.ask("POST", path, both, content=ROW, headers=NDJSON).json()["id"]
    for catalogs in (("shop",), ("other",)):
        _, one = gate.key("read", *catalogs)
        for rest in ("", "/pairs", "/groups", "/rejections"):
            assert code(gate.ask("GET", f"/api/jobs/{job}{rest}", one)) == (404, "job_unknown"), rest
        assert gate.ask("GET", "/api/jobs", one).json()["items"] == []
    assert gate.ask("GET", f"/api/jobs/{job}", both).status_code == 200
    assert [each["id"] for each in gate.ask("GET", "/api/jobs", both).json()["items"]] == [job]


@pytest.mark.parametrize("rest", ["", "/pairs", "/groups", "/rejections", "DELETE"])
def test_a_job_of_another_catalog_is_like_none(gate: Gate, ledger: Ledger, rest: str) -> None:
    _, key = gate.key("admin", "shop")
    method, rest = ("DELETE", "") if rest == "DELETE" else ("GET", rest)
    theirs, none = job_in(ledger, "other"), new_id()
    # As old as one whose absence is answered with 410.
    old = "01JD0000000000000000000000"
    ledger.create(old, JobOptions(catalog="other"), 256)
    for hidden, absent in ((theirs, none), (old, "01JD0000000000000000000001")):
        answers = [gate.ask(method, f"/api/jobs/{job}{rest}", key) for job in (hidden, absent)]
        told = [
            {n: v for n, v in a.json().items() if n != "request_id"} | {"status": a.status_code}
            for a in answers
        ]
        assert str(told[0]).replace(hidden, absent) == str(told[1])
        assert told[0]["code"] in ("job_unknown", "job_expired")
    assert ledger.read(theirs).status == "running"
    waited = gate.ask("GET", f"/api/jobs/{theirs}", key, headers={"Prefer": "wait=30"})
    assert code(waited) == (404, "job_unknown")


def test_the_list_has_only_jobs_within_scope_on_every_page(gate: Gate, ledger: Ledger) -> None:
    made = [job_in(ledger, ("shop", "other", "other")[i % 3]) for i in range(30)]
    _, key = gate.key("read", "shop")
    shown: list[str] = []
    following: str | None = "/api/jobs?limit=3"
    while following:
        page = gate.ask("GET", following, key).json()
        assert {job["catalog"] for job in page["items"]} <= {"shop"}
        assert len(page["items"]) <= 3
        shown += [job["id"] for job in page["items"]]
        following = page["next"]
    order = [record.id for record in ledger.recent(None, 100)]
    assert shown == [job for job in order if made.index(job) % 3 == 0]


def test_a_page_names_no_job_that_it_does_not_show(gate: Gate, ledger: Ledger) -> None:
    ours = job_in(ledger, "shop")
    # More than one request looks through.
    theirs = [new_id() for _ in range(1_010)]
    for job in theirs:
        ledger.create(job, JobOptions(catalog="other"), 256)
    _, key = gate.key("read", "shop")
    first = gate.ask("GET", "/api/jobs", key).json()
    assert first["items"] == []
    cursor = first["next"].partition("cursor=")[2].partition("&")[0]
    position = base64.urlsafe_b64decode(cursor + "==").decode()
    assert not any(job in position for job in theirs)
    second = gate.ask("GET", first["next"], key).json()
    assert ([job["id"] for job in second["items"]], second["next"]) == ([ours], None)


def test_a_comparison_without_a_catalog_is_its_askers(gate: Gate) -> None:
    (_, mine), (_, other), (_, all_) = (
        gate.key("submit", "shop"),
        gate.key("submit", "shop"),
        gate.key("read"),
    )
    asked = gate.ask("POST", "/api/dedup", mine, json=TITLES).headers["Location"]
    assert [gate.ask("GET", asked, key).status_code for key in (mine, other, all_)] == [200, 404, 200]
    search = {"catalog": "shop", "title": "A"}
    shared = gate.ask("POST", "/api/search", mine, json=search)
    assert shared.json()["catalog"] == "shop"
    assert gate.ask("GET", shared.headers["Location"], other).status_code == 200
    _, stranger = gate.key("submit", "second")
    assert gate.ask("GET", shared.headers["Location"], stranger).status_code == 404
