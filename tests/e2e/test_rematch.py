"""A catalog that grew in parts, matched again, is as if it had come in one."""

import subprocess
import sys
from pathlib import Path

from client import Doppel
from tests.support import Json, Shop, ndjson, sample


def plain(groups: list[Json]) -> list[tuple[str, list[str]]]:
    return sorted((g["canonical"], sorted(m["id"] for m in g["members"])) for g in groups)


def test_a_rematch_gives_what_one_submission_of_everything_gives(shop: Shop, tmp_path: Path) -> None:
    listings, _ = sample(tmp_path, 160)
    one = shop.wait(shop.submit("in-one", ndjson(listings), k=2)["id"])
    for part in (listings[::2], listings[1::2]):
        last = shop.wait(shop.submit("in-two", ndjson(part), k=2)["id"])
    assert shop.rows(last["id"], "pairs") != shop.rows(one["id"], "pairs")
    with Doppel(shop.stack.url) as doppel:
        job = doppel.wait(doppel.rematch("in-two", k=2).id)
    assert (job.kind, job.counts["listings"], job.counts["rejected"]) == ("rematch", 160, 0)
    assert shop.rows(job.id, "pairs") == shop.rows(one["id"], "pairs")
    assert plain(shop.rows(job.id, "groups")) == plain(shop.rows(one["id"], "groups"))
    assert job.counts["pairs"] == one["counts"]["pairs"] > 0


def test_the_command_waits_and_says_what_is_wrong(shop: Shop) -> None:
    shop.wait(shop.submit("commanded", ndjson([{"id": i, "title": "Red mug"} for i in "ab"]))["id"])
    command = [str(Path(sys.executable).with_name("doppel")), "rematch"]
    done = subprocess.run(
        [*command, "commanded", "--wait", "--url", shop.stack.url], capture_output=True, text=True, check=True
    )
    assert shop.job(done.stdout.strip())["kind"] == "rematch"
    assert "succeeded: 2 listings" in done.stderr
    failed = subprocess.run(
        [*command, "nowhere", "--wait", "--url", shop.stack.url], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert "catalog_unknown" in failed.stderr
