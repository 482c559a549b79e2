"""Large uploads: the gateway's memory, how soon encoding begins, how soon a cancelled job is at rest.

`python -m benchmarks.upload [LISTINGS]` posts so many NDJSON listings (100,000 unless told) in one request to
a stack with the deterministic encoder; then some times more, to see whether its memory goes on growing.
"""

import itertools
import json
import resource
import sys
import threading
import time
from collections.abc import Iterator

import httpx
from redis import Redis

from benchmarks.encoders.cost import session_cpu_s
from benchmarks.report import memory_mb, publish
from local.stack import Stack
from shared.routing import QUEUES

# One more takes what is taken once; between that and the last nothing should be kept.
MORE = 6


def rows(count: int) -> Iterator[bytes]:
    """Yield NDJSON in pieces of 100 listings."""
    for start in range(0, count, 100):
        lines = (
            json.dumps(
                {"id": f"l{i}", "title": f"Ceramic mug {i % 977} ml {i}", "price": i % 90, "brand": "Tallo"}
            )
            for i in range(start, min(start + 100, count))
        )
        yield ("\n".join(lines) + "\n").encode()


class Watch:
    """Looks at the ledger from beside: when the first chunk of a job that comes was claimed."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._earlier = set(redis.scan_iter("doppel:job:*", count=1000))
        self._stop = threading.Event()
        self.first_claim: float | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.002) and self.first_claim is None:
            for key in self._redis.scan_iter("doppel:job:*", count=1000):
                if (
                    key not in self._earlier
                    and not str(key).endswith(":units")
                    and self._redis.hget(key, "started_ms")
                ):
                    self.first_claim = time.monotonic()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()


def upload(http: httpx.Client, catalog: str, count: int) -> str:
    """Submit so many listings in one request; return the job's id."""
    answer = http.post(
        f"/api/catalogs/{catalog}/submissions",
        content=itertools.chain(rows(count)),
        headers={"Content-Type": "application/x-ndjson"},
    )
    return str(answer.raise_for_status().json()["id"])


def growth_of_more(http: httpx.Client, redis: "Redis", pid: int, count: int) -> float:
    """Return by how many MB the gateway grows in `MORE` uploads, after one that is not counted."""
    sizes_mb = []
    for _ in range(1 + MORE):
        http.delete(f"/api/jobs/{upload(http, 'large', count)}").raise_for_status()
        seconds_to_rest(redis)
        sizes_mb.append(memory_mb(pid))
    return sizes_mb[-1] - sizes_mb[0]


def seconds_to_rest(redis: "Redis") -> float:
    """Return the seconds until no message waits in a queue and none is being worked on."""
    started = time.monotonic()
    while any(redis.llen(f"doppel:{queue}") for queue in QUEUES) or redis.hlen("doppel:unacked"):
        time.sleep(0.01)
    return time.monotonic() - started


def main() -> None:
    """Measure, print, write the report."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with Stack(profile="deterministic") as stack:
        stack.up("redis", "gateway", "reconciler", "encoder", "index")
        stack.wait_ready()
        pid = stack.process("gateway").pid
        redis = Redis(port=stack.redis_port, decode_responses=True)
        with httpx.Client(base_url=stack.url, timeout=600, trust_env=False) as http:
            # The libraries that it needs are loaded then, and its threads have what they need.
            http.delete(f"/api/jobs/{upload(http, 'small', count // 10)}").raise_for_status()
            seconds_to_rest(redis)
            watch = Watch(redis)
            before_mb = memory_mb(pid)
            idle_mb, used = memory_mb(pid, peak=True), session_cpu_s(pid)
            started = time.monotonic()
            job_id = upload(http, "large", count)
            uploaded = time.monotonic()
            used = session_cpu_s(pid) - used
            growth_mb = memory_mb(pid) - before_mb
            deadline = time.monotonic() + 30
            while watch.first_claim is None and time.monotonic() < deadline:
                time.sleep(0.01)
            watch.close()
            http.delete(f"/api/jobs/{job_id}").raise_for_status()
            encoded_chunks = stack.output("encoder").count('"encoded"')
            rest_s = seconds_to_rest(redis)
            encoded_chunks = stack.output("encoder").count('"encoded"') - encoded_chunks
            encoded = http.get(f"/api/jobs/{job_id}").json()["counts"]["encoded_rows"]
            peak_mb = memory_mb(pid, peak=True)
            more_mb = growth_of_more(http, redis, pid, count)
        redis.close()
        report = {
            "listings": count,
            "upload_s": round(uploaded - started, 2),
            "listings_per_cpu_s": round(count / used),
            "gateway_idle_rss_mb": round(idle_mb, 1),
            "gateway_rss_growth_mb": round(growth_mb, 1),
            "gateway_rss_growth_of_more_mb": round(more_mb, 1),
            "gateway_peak_rss_mb": round(peak_mb, 1),
            "first_chunk_claimed_after_upload_end_s": round((watch.first_claim or 1e9) - uploaded, 2),
            "chunks_encoded_after_cancel": encoded_chunks,
            "cancel_to_rest_s": round(rest_s, 2),
            "encoded_before_cancel": encoded,
            "client_peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        }
    publish("upload", report)


if __name__ == "__main__":
    main()
