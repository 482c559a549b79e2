"""What a key may use up, and what one key's Idempotency-Key is to another."""

import threading
from typing import Any

import pytest
from httpx import Response

from shared.ids import new_id
from shared.ledger import Ledger
from shared.messages import JobOptions
from tests.gate import NDJSON, ROW, TITLES, Gate, code

SUBMIT = "/api/catalogs/shop/submissions"


def submitted(gate: Gate, key: dict[str, str], **headers: str) -> Response:
    return gate.ask("POST", SUBMIT, key, content=ROW, headers=NDJSON | headers)


def test_requests_a_minute(gate: Gate) -> None:
    (_, key), (_, other) = gate.key("read", rate=3), gate.key("read", rate=3)
    # A refusal for another reason counts as well.
    answers = [gate.ask("POST" if i == 1 else "GET", "/api/jobs", key) for i in range(2)]
    answers += [gate.ask("GET", "/api/jobs/nonsense", key), gate.ask("DELETE", "/api/jobs/nonsense", key)]
    assert [answer.status_code for answer in answers] == [200, 405, 404, 403]
    for _ in range(2):
        answer = gate.ask("GET", "/api/jobs", key)
        assert code(answer) == (429, "quota_exceeded")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert gate.ask("GET", "/api/jobs", other).status_code == 200


def test_requests_at_once_are_counted_each(gate: Gate) -> None:
    _, key = gate.key("read", rate=10)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(gate.ask("GET", "/api/jobs", key).status_code))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 10 + [429] * 6


@pytest.mark.parametrize("kind", ["submissions", "rematches"])
def test_unfinished_jobs(gate: Gate, ledger: Ledger, kind: str) -> None:
    (_, key), (_, other) = gate.key("submit", max_active_jobs=2), gate.key("submit", max_active_jobs=1)

    def ask(**headers: str) -> Response:
        if kind == "submissions":
            return submitted(gate, key, **headers)
        return gate.ask("POST", "/api/catalogs/shop/rematches", key, headers=headers)

    first, _ = ask(**{"Idempotency-Key": "first"}), ask()
    for _ in range(2):
        refused = ask(**{"Idempotency-Key": "later"})
        assert code(refused) == (429, "quota_exceeded")
        assert int(refused.headers["Retry-After"]) > 0
    # Neither a repeated request nor a question is one more job; and others have their own count.
    assert ask(**{"Idempotency-Key": "first"}).json()["id"] == first.json()["id"]
    assert gate.ask("POST", "/api/dedup", key, json=TITLES).status_code == 202
    assert submitted(gate, other).status_code == 202
    ledger.cancel(first.json()["id"])
    assert ask(**{"Idempotency-Key": "later"}).status_code == 202
    assert ask().status_code == 429


def test_a_submission_that_came_to_nothing_does_not_count(gate: Gate) -> None:
    _, key = gate.key("submit", max_active_jobs=1)
    for _ in range(3):
        assert gate.ask("POST", SUBMIT, key, content=b"", headers=NDJSON).status_code == 422
    uploads = gate.app.state.services.uploads
    uploads.total_tokens, most = 0, uploads.total_tokens
    for _ in range(2):
        assert code(submitted(gate, key)) == (429, "too_many_uploads")
    uploads.total_tokens = most
    assert submitted(gate, key).status_code == 202


def test_slots_of_a_key(ledger: Ledger) -> None:
    jobs = [new_id() for _ in range(3)]
    quotas = ledger.quotas
    assert [quotas.take_slot("k", job, 2) for job in jobs] == [True, True, False]
    # Once more, as when an answer was lost.
    assert quotas.take_slot("k", jobs[1], 2)
    quotas.free_slot("k", jobs[0])
    assert quotas.take_slot("k", jobs[2], 2)
    for job in jobs[1:]:
        ledger.create(job, JobOptions(catalog="shop"), 256)
    assert not quotas.take_slot("k", jobs[0], 2)
    ledger.finish(jobs[2], "succeeded")
    assert quotas.take_slot("k", jobs[0], 2)


def test_an_idempotency_key_is_each_api_keys_own(gate: Gate) -> None:
    (_, a), (_, b) = gate.key("submit"), gate.key("submit")
    requests: list[tuple[str, dict[str, Any]]] = [
        (SUBMIT, {"content": ROW, "headers": NDJSON | {"Idempotency-Key": "same"}}),
        ("/api/catalogs/shop/rematches", {"headers": {"Idempotency-Key": "same"}}),
        ("/api/dedup", {"json": TITLES, "headers": {"Idempotency-Key": "same"}}),
    ]
    for path, request in requests:
        jobs = [gate.ask("POST", path, key, **request).json()["id"] for key in (a, b, a, b)]
        assert jobs[:2] == jobs[2:]
        assert jobs[0] != jobs[1]
    # Another body under the key is a mistake of the one that used it, and nothing to the other.
    other_body = {"content": ROW * 2, "headers": NDJSON | {"Idempotency-Key": "fresh"}}
    assert gate.ask("POST", SUBMIT, a, **other_body).status_code == 202
    assert submitted(gate, b, **{"Idempotency-Key": "fresh"}).status_code == 202
    assert code(submitted(gate, a, **{"Idempotency-Key": "fresh"})) == (422, "idempotency_mismatch")
