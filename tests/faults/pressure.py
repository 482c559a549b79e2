"""More work than there is room for."""

import json
import socket

import httpx

from shared.pressure import AHEAD_SHARE, ENCODE_SHARE
from tests.conftest import wait_until
from tests.faults.bench import ENCODING, Bench
from tests.faults.case import case
from tests.support import ENDED, ndjson

_MOST_JOBS = 60
# Of the embeddings of a listing with title and photo: float16, 192 and 256 values.
_LISTING_BYTES = 2 * (192 + 256)


def _used(bench: Bench) -> int:
    return int(bench.redis.info("memory")["used_memory"])


def _refused_for_memory(bench: Bench) -> int:
    """Return how many commands Redis refused since it was started."""
    return int(bench.redis.info("errorstats").get("errorstat_OOM", {"count": 0})["count"])


def _offer(bench: Bench, number: int) -> httpx.Response:
    answer = bench.post(bench.listings, f"pressed-{number}")
    assert answer.status_code in (202, 429), answer.text
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        assert answer.json()["code"] == "service_busy"
        assert int(answer.headers["Retry-After"]) > 0
    return answer


def _all_hold(bench: Bench, accepted: list[str], refused: int) -> None:
    """Wait for the end of every job, and for room; nothing may show that there was little."""

    def ended() -> bool:
        bench.supervise()
        return all((bench.job(job) or {}).get("status") in ENDED for job in accepted)

    wait_until(ended, 150, every_s=0.2)
    wait_until(lambda: bench.post(bench.listings[:4], "pressed-after").status_code == 202)
    bench.drained()
    for job in accepted:
        bench.holds(job)
    assert _refused_for_memory(bench) == refused, "Redis was full"
    bench.redis.config_set("maxmemory", "0")


@case(
    "the index worker is halted while submissions keep coming, and Redis has little memory",
    "429 with Retry-After before Redis is full, no 503; then the same outcome for every accepted job",
    slow=True,
    bound_s=240,
)
def index_halted_and_redis_small(bench: Bench) -> None:
    refused, most = _refused_for_memory(bench), int(_used(bench) / 0.45)
    bench.redis.config_set("maxmemory", most)
    accepted = [bench.submit()]
    bench.strike_at(accepted[0], ENCODING)
    bench.stack.freeze("index")
    while (answer := _offer(bench, len(accepted))).status_code != httpx.codes.TOO_MANY_REQUESTS:
        accepted.append(answer.json()["id"])
        assert len(accepted) < _MOST_JOBS, f"{_used(bench)} of {most} bytes are used, and nothing is refused"
    question = bench.shop.http.post("/api/dedup", json={"a": {"title": "x"}, "b": {"title": "y"}})
    assert question.status_code == httpx.codes.TOO_MANY_REQUESTS, question.text

    def idle() -> bool:
        """Say whether the encoders have done all that was accepted, or wait for the index."""
        stages = [bench.shop.job(job)["stages"]["encode"] for job in accepted]
        return _used(bench) / most >= ENCODE_SHARE or all(s["done"] == s["total"] for s in stages)

    wait_until(idle, 90, every_s=0.2, what=lambda: f"{_used(bench)} of {most} bytes")
    assert _offer(bench, len(accepted)).status_code == httpx.codes.TOO_MANY_REQUESTS
    share = _used(bench) / most
    bench.stack.thaw("index")
    _all_hold(bench, accepted, refused)
    bench.observed[:] = [f"{len(accepted)} accepted, then 429 at {share:.0%}; same outcome for each"]


@case(
    "the index worker is halted while embeddings of accepted jobs are made that Redis has no room for",
    "encoders wait before Redis is full; then the same outcome for every job",
    slow=True,
    bound_s=240,
)
def embeddings_pile_up(bench: Bench) -> None:
    refused = _refused_for_memory(bench)
    for name in ("index", "encoder"):
        bench.stack.freeze(name)
    accepted = [bench.submit() for _ in range(12)]
    bench.struck()
    most = int(_used(bench) / 0.65)
    bench.redis.config_set("maxmemory", most)
    bench.stack.thaw("encoder")
    wait_until(lambda: _used(bench) / most >= ENCODE_SHARE, 90, every_s=0.05)
    # More than the time after which what was given back is tried again.
    bench.hold(8)
    share = _used(bench) / most
    assert any(bench.shop.job(job)["stages"]["encode"]["done"] == 0 for job in accepted), "there was room"
    bench.stack.thaw("index")
    _all_hold(bench, accepted, refused)
    bench.observed[:] = [f"encoders waited at {share:.0%}; same outcome for each"]


@case(
    "an upload with more embeddings than Redis has room for arrives slowly, and a small one meanwhile",
    "the small one ends first; of the large one every listing is in the catalog once",
    slow=True,
    bound_s=240,
)
def upload_larger_than_redis(bench: Bench) -> None:
    refused, used = _refused_for_memory(bench), _used(bench)
    body = ndjson([row | {"id": f"{turn}-{row['id']}"} for turn in range(10) for row in bench.listings])
    # Half of its embeddings bring Redis to where encoding ahead stops, whatever earlier jobs left there.
    most = int((used + 10 * len(bench.listings) * _LISTING_BYTES / 2) / AHEAD_SHARE)
    bench.redis.config_set("maxmemory", most)
    with socket.create_connection(("127.0.0.1", bench.stack.gateway_port)) as client:
        head = (
            "POST /api/catalogs/larger-than-redis/submissions HTTP/1.1\r\nHost: x\r\n"
            f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        client.sendall(head.encode() + body[:-100])
        wait_until(lambda: _used(bench) / most >= AHEAD_SHARE, 90, every_s=0.05)
        bench.struck()
        bench.hold(8)
        share = _used(bench) / most
        small = bench.submit(bench.listings[:40], "smaller")
        assert bench.shop.wait(small)["counts"]["listings"] == 40
        client.sendall(body[-100:])
        answer = b""
        while block := client.recv(65_536):
            answer += block
    assert answer.startswith(b"HTTP/1.1 202"), answer
    job = json.loads(answer.partition(b"\r\n\r\n")[2])["id"]
    ended = bench.ends(job, timeout_s=150)
    assert ended["counts"]["listings"] == 10 * len(bench.listings)
    bench.stored_once(ended, 10 * len(bench.listings))
    assert _refused_for_memory(bench) == refused, "Redis was full"
    bench.redis.config_set("maxmemory", "0")
    bench.observed[:] = [f"encoding ahead stopped at {share:.0%}; both succeeded"]
