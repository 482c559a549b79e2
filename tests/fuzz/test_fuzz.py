"""Generated calls of every operation of a running stack: each answer is as the API's description says."""

import json

import httpx
import pytest

from services.gateway.upload.formats import CSV, JSON, NDJSON, PARQUET, ZIP
from tests.fuzz.campaign import Size, run
from tests.fuzz.conftest import Gateways
from tests.fuzz.tally import Tally

# What CI runs on every change, the same calls each time.
SMALL = Size(cases=4, walks=10, coverage=False)
LARGE = Size(cases=40, walks=30, coverage=True)
SUBMIT = "POST /api/catalogs/{catalog}/submissions"
RESULTS = [f"GET /api/jobs/{{job_id}}/{kind}" for kind in ("pairs", "groups", "rejections")]


def operations(url: str) -> set[str]:
    """Return all operations that the description has."""
    paths = httpx.get(f"{url}/openapi.json", trust_env=False).json()["paths"]
    return {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}


def held(tally: Tally, url: str, least: int) -> None:
    """Check that nothing failed, and that enough calls of every operation got past its validation."""
    assert tally.failures == [], json.dumps(tally.failures[:5], indent=1)
    found = {operation: tally.succeeded(operation) for operation in sorted(operations(url))}
    assert min(found.values()) >= least, found
    assert set(tally.statuses()) == set(found)
    assert tally.phases["stateful"] > 0


def test_the_description_holds(gateways: Gateways) -> None:
    tally = run(gateways.keyed_url, "admin", seed=1, size=SMALL, key=gateways.admin)
    assert tally.total >= 200
    held(tally, gateways.keyed_url, least=1)
    assert {401, 404, 422} <= {status for counts in tally.statuses().values() for status in counts}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("caller", ["nobody", "admin"])
def test_the_description_holds_over_thousands_of_calls(
    gateways: Gateways, caller: str, seed: int, tallies: list[Tally]
) -> None:
    url, key = (gateways.keyed_url, gateways.admin) if caller == "admin" else (gateways.stack.url, None)
    tally = run(url, caller, seed, LARGE, key)
    tallies.append(tally)
    assert tally.total >= 1500
    held(tally, url, least=3)
    for form in (JSON, NDJSON, CSV, PARQUET, ZIP):
        assert tally.succeeded(SUBMIT, form), form
    for query in ("POST /api/dedup", "POST /api/search"):
        assert tally.succeeded(query, "multipart/form-data"), query
    assert all(tally.filled[operation] for operation in RESULTS), tally.filled


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_description_holds_for_a_key_that_may_do_little(
    gateways: Gateways, seed: int, tallies: list[Tally]
) -> None:
    tally = run(gateways.keyed_url, "reader", seed, SMALL, gateways.reader)
    tallies.append(tally)
    assert tally.failures == [], json.dumps(tally.failures[:5], indent=1)
    for operation, counts in tally.statuses().items():
        if operation.startswith("POST"):
            assert 403 in counts, operation
            assert not tally.succeeded(operation), operation
