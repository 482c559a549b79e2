"""A catalog matched again while processes die."""

from tests.faults.bench import MATCHING, Bench
from tests.faults.case import case

SAME_AS_ONE = "the pairs and groups of one submission of everything; ledger and queues empty"


def _begun(bench: Bench) -> str:
    """Fill a catalog in two submissions and have it matched again; return the job in mid-matching."""
    middle = len(bench.listings) // 2
    catalog = f"rematched-{len(bench.shop.http.get('/api/jobs').json()['items'])}"
    for part in (bench.listings[:middle], bench.listings[middle:]):
        bench.ends(bench.submit(part, catalog))
    job = str(bench.shop.http.post(f"/api/catalogs/{catalog}/rematches").raise_for_status().json()["id"])
    bench.strike_at(job, MATCHING)
    return job


@case("kill -9 of the index worker in the middle of a rematch, and a new one", SAME_AS_ONE)
def index_killed_rematching(bench: Bench) -> None:
    job = _begun(bench)
    bench.stack.restart("index")
    bench.holds(job)


@case("Redis forgets everything in the middle of a rematch", SAME_AS_ONE, slow=True)
def redis_emptied_rematching(bench: Bench) -> None:
    job = _begun(bench)
    bench.redis.flushall()
    bench.holds(job)
