"""API keys over HTTP: who gets in, and what their role lets them do."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from services.gateway.main import create_app
from shared.key_file import KeysUnreadable, revoke_key
from shared.keys import ROLES, Role
from shared.ledger import Ledger
from shared.settings import CommonSettings, GatewaySettings
from tests.gate import NDJSON, ROW, TITLES, Gate, code, job_in

JOB, CATALOG = "/api/jobs/{job_id}", "/api/catalogs/{catalog}"
# Every operation under /api, the least role that it needs, and how it is asked.
OPERATIONS: list[tuple[str, str, Role, dict[str, Any]]] = [
    ("GET", "/api/jobs", "read", {}),
    ("GET", JOB, "read", {}),
    ("GET", f"{JOB}/pairs", "read", {}),
    ("GET", f"{JOB}/groups", "read", {}),
    ("GET", f"{JOB}/rejections", "read", {}),
    ("DELETE", JOB, "submit", {}),
    ("POST", f"{CATALOG}/submissions", "submit", {"content": ROW, "headers": NDJSON}),
    ("POST", f"{CATALOG}/rematches", "submit", {}),
    ("POST", "/api/dedup", "submit", {"json": TITLES}),
    ("POST", "/api/search", "submit", {"json": {"catalog": "shop", "title": "A"}}),
]
BARE = [(method, path) for method, path, _, _ in OPERATIONS]


def test_the_table_has_every_operation(gate: Gate) -> None:
    paths = gate.http.get("/openapi.json").json()["paths"]
    served = {(m.upper(), path) for path, ops in paths.items() for m in ops if path.startswith("/api")}
    assert served == set(BARE)
    for method, path in BARE:
        described = paths[path][method.lower()]
        assert {"401", "403", "429"} <= set(described["responses"])
        assert described["security"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path", "least", "request_"), OPERATIONS, ids=map(" ".join, BARE))
def test_every_role_at_every_operation(
    gate: Gate, ledger: Ledger, method: str, path: str, least: Role, request_: dict[str, Any], role: Role
) -> None:
    address = path.format(job_id=job_in(ledger, "shop"), catalog="shop")
    for catalogs in ((), ("shop",)):
        answer = gate.ask(method, address, gate.key(role, *catalogs)[1], **request_)
        if ROLES.index(role) < ROLES.index(least):
            assert code(answer) == (403, "role_insufficient")
        else:
            # 409: the job has no results yet, which only somebody who may see it is told.
            assert answer.status_code in (200, 202, 409), answer.text


@pytest.mark.parametrize(("method", "path"), BARE, ids=map(" ".join, BARE))
def test_without_a_key_that_is_in_force_nothing_is_said(
    gate: Gate, ledger: Ledger, method: str, path: str
) -> None:
    address = path.format(job_id=job_in(ledger, "shop"), catalog="shop")
    missing = [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}, {"X-Api-Key": "dpl_1_2"}]
    for key in missing:
        answer = gate.ask(method, address, key)
        assert code(answer) == (401, "key_missing")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="doppel"'
    key_id, key = gate.key("admin")
    wrong = ["dpl_1_2", f"dpl_{key_id}_", key["Authorization"].removeprefix("Bearer ")[:-1], "ключ".encode()]
    for text in wrong:
        sent = text if isinstance(text, bytes) else text.encode()
        answer = gate.http.request(method, address, headers={b"Authorization": b"Bearer " + sent})
        assert code(answer) == (401, "key_unknown")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_what_stays_open(gate: Gate) -> None:
    for path in ("/health/live", "/health/accepting", "/metrics", "/docs", "/openapi.json"):
        assert gate.http.get(path).status_code == 200, path
    # No worker is there.
    assert code(gate.http.get("/health/ready")) == (503, "not_ready")


def test_metrics_want_a_key_when_the_settings_say_so(gate: Gate, settings: CommonSettings) -> None:
    closed = create_app(settings, GatewaySettings(keys_file=gate.file, metrics_need_key=True))
    with TestClient(closed) as http:
        assert code(http.get("/metrics")) == (401, "key_missing")
        assert http.get("/metrics", headers=gate.key("read", "shop")[1]).status_code == 200
        assert http.get("/health/accepting").status_code == 200


def test_without_a_key_file_everything_is_open(settings: CommonSettings, ledger: Ledger) -> None:
    with TestClient(create_app(settings, GatewaySettings(metrics_need_key=True))) as http:
        for method, path, _, request in OPERATIONS:
            address = path.format(job_id=job_in(ledger, "shop"), catalog="shop")
            for key in ({}, {"Authorization": "Bearer dpl_1_2"}):
                headers = request.get("headers", {}) | key
                assert http.request(method, address, **request | {"headers": headers}).status_code < 410
        assert http.get("/metrics").status_code == 200


def test_a_gateway_without_its_keys_does_not_start(settings: CommonSettings, tmp_path: Path) -> None:
    with pytest.raises(KeysUnreadable, match="No such file"):
        create_app(settings, GatewaySettings(keys_file=tmp_path / "none.json"))


def test_a_key_counts_from_its_making_to_its_revoking_without_a_restart(gate: Gate) -> None:
    key_id, key = gate.key("read")
    assert gate.ask("GET", "/api/jobs", key).status_code == 200
    revoke_key(gate.file, key_id)
    assert code(gate.ask("GET", "/api/jobs", key)) == (401, "key_unknown")


def test_a_key_file_that_is_lost_or_broken_lets_nobody_in(gate: Gate) -> None:
    _, key = gate.key("admin")
    assert gate.ask("GET", "/api/jobs", key).status_code == 200
    kept = gate.file.read_bytes()
    gate.file.write_text("{")
    for _ in range(2):
        answer = gate.ask("GET", "/api/jobs", key)
        assert code(answer) == (503, "keys_unavailable")
        assert answer.headers["Retry-After"]
    gate.file.unlink()
    assert code(gate.ask("GET", "/api/jobs", key)) == (503, "keys_unavailable")
    assert gate.http.get("/health/live").status_code == 200
    gate.file.write_bytes(kept)
    assert gate.ask("GET", "/api/jobs", key).status_code == 200


def test_keys_are_never_logged_and_changes_are(
    gate: Gate, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    key_id, key = gate.key("submit", "shop")
    with caplog.at_level(logging.DEBUG):
        rows = {"content": ROW, "headers": NDJSON | {"Idempotency-Key": "k"}}
        job_id = gate.ask("POST", "/api/catalogs/shop/submissions", key, **rows).json()["id"]
        gate.ask("POST", "/api/catalogs/shop/submissions", key, **rows)
        gate.ask("POST", "/api/catalogs/shop/submissions", key, content=b"", headers=NDJSON)
        rematch = gate.ask("POST", "/api/catalogs/shop/rematches", key).json()["id"]
        gate.ask("DELETE", f"/api/jobs/{job_id}", key)
        hidden = job_in(ledger, "other")
        gate.ask("DELETE", f"/api/jobs/{hidden}", key)
        gate.ask("GET", "/api/jobs", {"Authorization": "Bearer dpl_wrong_secret"})
    lines = [vars(r) for r in caplog.records if r.name == "audit"]
    assert {line["key"] for line in lines} == {key_id}
    told = [(line["action"], line["catalog"], line["job"], line["outcome"]) for line in lines]
    empty = told.pop(2)
    assert (empty[0], empty[1], empty[3]) == ("submission", "shop", "submission_empty")
    assert told == [
        ("submission", "shop", job_id, "accepted"),
        ("submission", "shop", job_id, "repeated"),
        ("rematch", "shop", rematch, "accepted"),
        ("cancel", "shop", job_id, "cancelled"),
        ("cancel", None, hidden, "job_unknown"),
    ]
    everything = "\n".join(str(vars(record)) for record in caplog.records)
    secret = key["Authorization"].split("_", 2)[2]
    assert secret not in everything
    assert "wrong_secret" not in everything
    access = [vars(r) for r in caplog.records if r.name == "services.gateway.access"]
    assert access[0]["key"] == key_id
    assert "key" not in access[-1]


def test_the_file_may_change_while_it_keeps_its_time(gate: Gate) -> None:
    _, key = gate.key("read")
    assert gate.ask("GET", "/api/jobs", key).status_code == 200
    before = gate.file.stat()
    gate.file.write_text('{"keys": []}')
    os.utime(gate.file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert code(gate.ask("GET", "/api/jobs", key)) == (401, "key_unknown")
