"""kill -9 in mid-job: the job succeeds, and its result is the one without the fault."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from local.stack import Stack
from shared.routing import QUEUES
from tests.conftest import wait_until
from tests.support import Json, Shop, ndjson, sample

SETTINGS = {
    "DOPPEL_CHUNK_LISTINGS": "4",
    "DOPPEL_SLICE_LISTINGS": "16",
    "DOPPEL_LEASE_S": "2",
    "DOPPEL_RECONCILE_EVERY_S": "0.5",
    "DOPPEL_VISIBILITY_TIMEOUT_S": "10",
    "DOPPEL_CACHE_TTL_S": "0",
}


@pytest.fixture(scope="module")
def listings(tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    return sample(tmp_path_factory.mktemp("sample"), 240)[0]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """One stack for all faults: each must leave it as able to work as before."""
    with Stack(profile="deterministic", settings=SETTINGS) as stack:
        stack.up()
        stack.wait_ready()
        client = Shop(stack)
        yield client
        client.close()


def outcome(shop: Shop, job_id: str) -> Json:
    """Return the outcome without the ids of groups, which depend on the catalog's name."""
    found = shop.outcome(job_id)
    groups = [{k: v for k, v in group.items() if k != "id"} for group in found["groups"]]
    return found | {"groups": sorted(groups, key=lambda g: g["canonical"])}


@pytest.fixture(scope="module")
def expected(shop: Shop, listings: list[Json]) -> Json:
    """The outcome without a fault."""
    job = shop.wait(shop.submit("no-fault", ndjson(listings))["id"])
    return outcome(shop, job["id"])


def partly(job: Json, stage: str) -> bool:
    done, total = job["stages"][stage]["done"], job["stages"][stage]["total"]
    return total is not None and 0 < done < total


def encoding(job: Json) -> bool:
    return partly(job, "encode")


def ingesting(job: Json) -> bool:
    return partly(job, "ingest")


def matching(job: Json) -> bool:
    return partly(job, "match")


def restart_redis(shop: Shop) -> None:
    shop.stack.restart("redis")


def restart_encoder(shop: Shop) -> None:
    shop.stack.restart("encoder")


def restart_index(shop: Shop) -> None:
    shop.stack.restart("index")


def restart_gateway(shop: Shop) -> None:
    shop.stack.restart("gateway")
    shop.stack.wait_ready()


def lose_everything_in_redis(shop: Shop) -> None:
    with Redis(port=shop.stack.redis_port) as redis:
        redis.flushall()


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("moment", "fault"),
    [
        (encoding, restart_encoder),
        (ingesting, restart_index),
        (matching, restart_index),
        (encoding, restart_redis),
        (matching, restart_redis),
        (encoding, restart_gateway),
        (encoding, lose_everything_in_redis),
    ],
)
def test_a_fault_in_mid_job_changes_nothing(
    shop: Shop,
    listings: list[Json],
    expected: Json,
    moment: Callable[[Json], bool],
    fault: Callable[[Shop], None],
) -> None:
    job_id = shop.submit(f"{moment.__name__}-{fault.__name__}".replace("_", "-"), ndjson(listings))["id"]
    wait_until(lambda: moment(shop.job(job_id)), timeout_s=60, every_s=0.001)
    fault(shop)

    def known_and_ended() -> bool:
        answer = shop.http.get(f"/api/jobs/{job_id}")
        return answer.status_code == 200 and answer.json()["status"] in ("succeeded", "failed", "cancelled")

    wait_until(known_and_ended, timeout_s=90)
    assert shop.job(job_id)["status"] == "succeeded"
    assert outcome(shop, job_id) == expected
    with Redis(port=shop.stack.redis_port) as redis:
        wait_until(lambda: redis.zcard("doppel:leases") == 0)
        wait_until(lambda: all(redis.llen(f"doppel:{queue}") == 0 for queue in QUEUES))
