"""Listings, images and workers that are themselves the fault."""

import base64
import socket
from hashlib import sha256

from shared.spool import chunk_key
from tests.conftest import wait_until
from tests.faults.bench import Bench
from tests.faults.case import case
from tests.faults.plant import OTHER_MODEL
from tests.support import Json, jpeg


def _carried(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def _starts(bench: Bench, name: str = "encoder") -> int:
    return bench.stack.output(name).count('"message": "ready"')


def _without(bench: Bench, listings: list[Json]) -> Json:
    """The outcome of these listings, in a catalog of their own, without a fault."""
    return bench.outcome(bench.ends(bench.submit(listings))["id"])


@case(
    "an image among 64 kills every encoder that decodes it",
    "63 listings right, 1 rejection (encoder_crashed), at most 3 encoders lost",
)
def poison_image(bench: Bench) -> None:
    listings, deadly = bench.listings[:63], jpeg(4711)
    expected = _without(bench, listings)
    bench.arm("image-decoding", sha256(deadly).hexdigest())
    before = _starts(bench)
    bench.struck()
    poison = {"id": "poison", "title": "A deadly picture", "image": _carried(deadly)}
    job = bench.ends(bench.submit([*listings[:30], poison, *listings[30:]]))
    found = bench.outcome(job["id"])
    assert [(r["listing_id"], r["code"]) for r in found["rejections"]] == [("poison", "encoder_crashed")]
    assert (found["pairs"], found["groups"]) == (expected["pairs"], expected["groups"])
    assert job["counts"]["listings"] == 63
    bench.stored_once(job, 63)
    wait_until(lambda: bench.stack.process("encoder").alive)
    lost = _starts(bench) - before
    assert 1 <= lost <= 3
    bench.observed.append(f"63 right, 1 rejected, {lost} encoders lost")


@case(
    "an image in a comparison kills every encoder that decodes it",
    "told by the deadline, at most 3 encoders lost; the next comparison is answered",
    slow=True,
)
def poison_query(bench: Bench) -> None:
    deadly = jpeg(4712)
    bench.arm("image-decoding", sha256(deadly).hexdigest())
    before = _starts(bench, "interactive")
    bench.struck()
    sides = {"a": {"image": _carried(deadly)}, "b": {"title": "A deadly picture"}}
    asked = bench.shop.http.post("/api/dedup", json=sides).raise_for_status().json()
    ended = bench.ends(asked["id"], status="failed")
    assert ended["error"]["code"] == "deadline_exceeded"
    bench.ready()
    lost = _starts(bench, "interactive") - before
    assert 1 <= lost <= 3
    bench.observed.append(f"deadline_exceeded, {lost} encoders lost")


@case(
    "images cut short, no images at all, images of a format that is not taken",
    "each a rejection with its code",
)
def bad_images(bench: Bench) -> None:
    bad = {
        "cut": (jpeg(1)[:300], "image_truncated"),
        "text": (b"hello", "image_broken"),
        "tiff": (b"II*\0" + bytes(60), "image_format"),
    }
    expected = _without(bench, bench.listings[:60])
    rows = [{"id": name, "title": name, "image": _carried(data)} for name, (data, _) in bad.items()]
    before = _starts(bench)
    job = bench.ends(bench.submit(bench.listings[:30] + rows + bench.listings[30:60]))
    found = bench.outcome(job["id"])
    assert {r["listing_id"]: r["code"] for r in found["rejections"]} == {
        n: code for n, (_, code) in bad.items()
    }
    assert (found["pairs"], found["groups"]) == (expected["pairs"], expected["groups"])
    assert _starts(bench) == before
    bench.observed.append("3 rejected, the rest right")


@case(
    "an image's server takes the connection and never answers",
    "image_timeout for that listing, the rest right",
)
def hanging_download(bench: Bench) -> None:
    expected = _without(bench, bench.listings[:40])
    with socket.create_server(("127.0.0.2", 0)) as server:
        address = f"http://127.0.0.2:{server.getsockname()[1]}/a.jpg"
        bench.struck()
        job = bench.ends(bench.submit([*bench.listings[:40], {"id": "hang", "title": "t", "image": address}]))
    found = bench.outcome(job["id"])
    codes = {r["listing_id"]: r["code"] for r in found["rejections"]}
    assert codes == {"hang": "image_timeout"}
    assert (found["pairs"], found["groups"]) == (expected["pairs"], expected["groups"])
    bench.observed.append("image_timeout, the rest right")


@case("a chunk vanishes from the spool", "the job fails and says so (chunk_lost); the next job succeeds")
def chunk_lost(bench: Bench) -> None:
    bench.stack.freeze("encoder")
    job = bench.submit()
    spool = bench.stack.run_dir / "spool"
    (spool / chunk_key(job, 7)).unlink()
    bench.struck()
    bench.stack.thaw("encoder")
    ended = bench.ends(job, status="failed")
    assert ended["error"]["code"] == "chunk_lost"
    bench.observed.append("failed, chunk_lost")
    bench.holds(bench.submit())


@case(
    "an encoder with another model joins in mid-job",
    "the job fails (profile_mismatch): models never mix; without it the next job succeeds",
    slow=True,
)
def encoder_of_another_version(bench: Bench) -> None:
    bench.stack.start(OTHER_MODEL)
    bench.ready()
    job = bench.submit()
    bench.struck()
    ended = bench.ends(job, status="failed")
    assert ended["error"]["code"] == "profile_mismatch"
    bench.stack.stop(OTHER_MODEL)
    bench.observed.append("failed, profile_mismatch")
    bench.holds(bench.submit())


@case(
    "catalogs of 1 listing, of 11 and of 60 that are all the same",
    "exact counts, no pair of a listing with itself",
    slow=True,
)
def odd_catalogs(bench: Bench) -> None:
    for size in (1, 2, 10, 11, 60):
        rows = [{"id": f"s{i}", "title": "Blue mug 350 ml", "image": _carried(jpeg(1))} for i in range(size)]
        job = bench.ends(bench.submit(rows))
        pairs = bench.shop.rows(job["id"], "pairs")
        assert job["counts"]["listings"] == size
        assert all(pair["a"] < pair["b"] for pair in pairs)
        assert len({(p["a"], p["b"]) for p in pairs}) == len(pairs) == job["counts"]["pairs"]
        assert (len(pairs) > 0) == (size > 1)
    bench.observed.append("exact counts")
