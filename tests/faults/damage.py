"""Bytes that are not what was written: in Redis and on the disk of the catalogs."""

from redis import Redis

from tests.conftest import wait_until
from tests.faults.bench import Bench
from tests.faults.case import case


@case("of every third embedding block in Redis eight bytes change, another third is cut short", slow=False)
def blocks_damaged(bench: Bench) -> None:
    bench.stack.freeze("index")
    job = bench.submit()
    wait_until(lambda: bench.shop.job(job)["stages"]["encode"]["done"] == 60, timeout_s=60)
    bench.struck()
    with Redis(port=bench.stack.redis_port) as redis:
        for number, key in enumerate(sorted(redis.scan_iter(f"doppel:emb:{job}:*", count=1000))):
            size = redis.strlen(key)
            if number % 3 == 0:
                redis.setrange(key, size - 100, bytes(range(8)))
            elif number % 3 == 1:
                redis.set(key, redis.getrange(key, 0, size // 2))
    bench.stack.thaw("index")
    bench.holds(job)


@case(
    "half of a catalog's file is overwritten while the index worker is down",
    "its next job fails and says so (catalog_damaged); other catalogs go on",
    slow=True,
)
def catalog_damaged(bench: Bench) -> None:
    catalog = "to-be-damaged"
    bench.ends(bench.submit(catalog=catalog))
    bench.stack.stop("index", timeout_s=45)
    bench.struck()
    with (bench.stack.run_dir / "catalogs" / catalog / "catalog.db").open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(size // 2)
        file.write(b"\xa5" * (size - size // 2))
    bench.stack.start("index")
    bench.ready()
    other = bench.submit()
    ended = bench.ends(bench.submit(catalog=catalog), status="failed")
    assert ended["error"]["code"] == "catalog_damaged"
    asked = bench.shop.http.post(
        "/api/search", json={"title": "mug", "catalog": catalog}, headers={"Prefer": "wait=10"}
    ).json()
    assert asked["error"]["code"] == "catalog_damaged", asked
    bench.observed.append("failed, catalog_damaged")
    bench.holds(other)
