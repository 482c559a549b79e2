"""Waiting until a stack can work, and saying why it cannot."""

import time
from collections.abc import Callable

import httpx

from local.errors import LocalError

_TITLE = {"title": "Ready? A red mug, 350 ml"}
_ENDED = ("succeeded", "failed", "cancelled")


def wait_until(
    condition: Callable[[], bool],
    what: str,
    timeout_s: float,
    check: Callable[[], None],
    every_s: float = 0.1,
) -> None:
    """Wait for `condition`; `check` runs between two looks and raises when waiting makes no sense any more.

    Raises:
        LocalError: it did not come true within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        check()
        if time.monotonic() > deadline:
            raise LocalError(f"{what} did not come true within {timeout_s:.0f} s")
        time.sleep(every_s)


class Readiness:
    """Asks a gateway whether the stack behind it works; network errors count as not yet."""

    def __init__(self, url: str) -> None:
        # Proxies of the environment are for the world outside, not for the loopback address.
        self._http = httpx.Client(base_url=url, timeout=10, trust_env=False)
        self._job: str | None = None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def gateway_ready(self) -> bool:
        """Say whether the gateway can take work."""
        try:
            return self._http.get("/health/ready").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def query_answered(self) -> bool:
        """Say whether a comparison of two titles was answered: interactive encoder and index worker work."""
        try:
            if self._job is None:
                answer = self._http.post(
                    "/api/dedup", json={"a": _TITLE, "b": _TITLE}, headers={"Prefer": "wait=2"}
                )
            else:
                answer = self._http.get(self._job, headers={"Prefer": "wait=2"})
            body = answer.raise_for_status().json()
        except httpx.HTTPError:
            self._job = None
            return False
        self._job = None if body["status"] in _ENDED else f"/api/jobs/{body['id']}"
        return bool(body["status"] == "succeeded")
