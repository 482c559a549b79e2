"""A careful client: it repeats what got no answer, at whichever gateway answers, until there is one."""

import random
import time
from collections.abc import Sequence

import httpx

from local.stack import Stack
from tests.soak.goods import Submission
from tests.support import ENDED, Json, Shop, ndjson

# Far beyond any recovery: whoever waits this long has found a fault.
PATIENCE_S = 180.0
# Not 500: that is a bug.
_AGAIN = {408, 409, 429, 502, 503, 504}


class NoAnswer(Exception):
    """A request was repeated for `PATIENCE_S`, in vain."""


class Insisting(httpx.BaseTransport):
    """Repeats a request, gateway by gateway. `repeats` counts those that had to be."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._turn = random.randrange(len(ports))
        self._inner = httpx.HTTPTransport()
        self.repeats = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline, last = time.monotonic() + PATIENCE_S, "nothing"
        while time.monotonic() < deadline:
            url = request.url.copy_with(port=self._ports[self._turn % len(self._ports)])
            again = httpx.Request(
                request.method, url, headers=request.headers, stream=request.stream,
                extensions=request.extensions,
            )  # fmt: skip
            try:
                response = self._inner.handle_request(again)
                response.read()
                if response.status_code not in _AGAIN:
                    return response
                last = f"{response.status_code} {response.text[:200]}"
            except httpx.TransportError as error:
                last = repr(error)
            self.repeats += 1
            self._turn += 1
            time.sleep(0.3)
        raise NoAnswer(f"{request.method} {request.url.path}: {last}")

    def close(self) -> None:
        self._inner.close()


class Customer:
    """One client of the stack's gateways."""

    def __init__(self, stack: Stack, ports: Sequence[int]) -> None:
        self.transport = Insisting(ports)
        self.shop = Shop(stack)
        self.shop.http.close()
        self.shop.http = httpx.Client(base_url=stack.url, transport=self.transport, timeout=20)

    def submit(self, sent: Submission, catalog: str, key: str) -> str:
        """Submit under an idempotency key; return the job's id."""
        answer = self.shop.http.post(
            f"/api/catalogs/{catalog}/submissions",
            content=ndjson(sent.rows),
            headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": key},
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def ended(self, job_id: str) -> Json:
        """Wait for the job's end; return the job.

        Raises:
            NoAnswer: it has none within `PATIENCE_S`.
        """
        deadline = time.monotonic() + PATIENCE_S
        while (job := self.shop.job(job_id))["status"] not in ENDED:
            if time.monotonic() > deadline:
                raise NoAnswer(f"no end of {job}")
            time.sleep(0.5)
        return job

    def cancel(self, job_id: str) -> Json:
        """Cancel the job; return it."""
        return dict(self.shop.http.delete(f"/api/jobs/{job_id}").raise_for_status().json())

    def outcome(self, job_id: str) -> Json:
        """Return the outcome without the ids of groups, which depend on the catalog's name."""
        found = self.shop.outcome(job_id)
        groups = [{k: v for k, v in group.items() if k != "id"} for group in found["groups"]]
        return found | {"groups": sorted(groups, key=lambda group: str(group["canonical"]))}

    def close(self) -> None:
        self.shop.close()
