"""The result does not depend on the order of listings, on chunk size, or on how many encoders ran."""

from pathlib import Path

import pytest

from local.stack import Stack
from tests.support import Json, Shop, ndjson, sample, shuffled

BULK = ("redis", "gateway", "reconciler", "encoder", "index")


def outcome(profile: str, listings: list[Json], *, chunk: int, slice_listings: int, encoders: int) -> Json:
    settings = {
        "DOPPEL_CHUNK_LISTINGS": str(chunk),
        "DOPPEL_SLICE_LISTINGS": str(slice_listings),
        "DOPPEL_BULK_THREADS": "1",
    }
    with Stack(profile=profile, settings=settings) as stack:
        stack.up(*BULK)
        for number in range(2, encoders + 1):
            stack.start(f"encoder.{number}")
        stack.wait_ready()
        shop = Shop(stack)
        job = shop.wait(shop.submit("same", ndjson(listings))["id"], timeout_s=240)
        found = shop.outcome(job["id"])
        shop.close()
    return found


def test_a_deterministic_encoder_gives_the_same_bytes(tmp_path: Path) -> None:
    listings, _ = sample(tmp_path, 200)
    one = outcome("deterministic", listings, chunk=32, slice_listings=256, encoders=1)
    three = outcome("deterministic", shuffled(listings, 3), chunk=7, slice_listings=19, encoders=3)
    assert one == three
    assert len(one["groups"]) > 10


@pytest.mark.models
@pytest.mark.timeout(600)
def test_real_models_give_the_same_verdicts(tmp_path: Path) -> None:
    listings, _ = sample(tmp_path, 120)
    one = outcome("bundled", listings, chunk=32, slice_listings=256, encoders=1)
    three = outcome("bundled", shuffled(listings, 3), chunk=7, slice_listings=19, encoders=3)
    keys = [(p["a"], p["b"], p["verdict"], p["conflicts"]) for p in one["pairs"]]
    assert keys == [(p["a"], p["b"], p["verdict"], p["conflicts"]) for p in three["pairs"]]
    assert [p["probability"] for p in one["pairs"]] == pytest.approx(
        [p["probability"] for p in three["pairs"]], abs=0.001
    )
    members = [(g["id"], g["canonical"], sorted(m["id"] for m in g["members"])) for g in one["groups"]]
    assert members == [
        (g["id"], g["canonical"], sorted(m["id"] for m in g["members"])) for g in three["groups"]
    ]
