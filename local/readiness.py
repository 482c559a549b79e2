"""Waiting until a stack can work, and saying why it cannot."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx
from redis import Redis

from local.errors import LocalError
from shared.errors import LedgerUnavailable
from shared.presence import Presence

_TITLE = {"title": "Ready? A red mug, 350 ml"}
# Line of the Procfile -> role under which its workers say that they are there.
_ROLES = {"encoder": "encode.bulk", "interactive": "encode.interactive", "index": "index"}
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
            raise LocalError(f"{what} did not come in time")
        time.sleep(every_s)


class Readiness:
    """Asks a gateway whether the stack behind it works; network errors count as not yet."""

    def __init__(self, url: str, redis_url: str, logs: Path, key: str | None = None) -> None:
        self._logs = logs
        # Proxies of the environment are for the world outside, not for the loopback address.
        headers = {"Authorization": f"Bearer {key}"} if key else None
        self._http = httpx.Client(base_url=url, headers=headers, timeout=10, trust_env=False)
        self._presence = Presence(Redis.from_url(redis_url, decode_responses=True, socket_timeout=2))
        self._job: str | None = None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._presence.close()

    def wait(self, started: Iterable[str], timeout_s: float, check: Callable[[], None]) -> None:
        """Wait until the gateway takes work, each started worker is there, and queries are answered.

        `started` are process names; queries are waited for where those that answer them are among these.

        Raises:
            LocalError: time is up, or `check` raised it.
        """
        deadline = time.monotonic() + timeout_s
        lines = [name.split(".", 1)[0] for name in started]
        wanted = Counter(_ROLES[line] for line in lines if line in _ROLES)
        conditions: list[tuple[Callable[[], bool], str]] = [
            (self.gateway_ready, f"a ready gateway at {self._http.base_url}"),
            (lambda: self.workers_present(wanted), f"the presence of {', '.join(sorted(wanted))}"),
        ]
        if {"interactive", "index"} <= set(lines):
            conditions.append((self.query_answered, "an answered comparison"))
        for condition, what in conditions:
            wait_until(condition, f"{what} (logs: {self._logs})", deadline - time.monotonic(), check)

    def workers_present(self, wanted: Counter[str]) -> bool:
        """Say whether so many workers of each role said that they can take work."""
        try:
            return wanted <= self._presence.counts()
        except LedgerUnavailable:
            return False

    def gateway_ready(self) -> bool:
        """Say whether the gateway can take work, whoever is there to do it."""
        try:
            return self._http.get("/health/accepting").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def query_answered(self) -> bool:
        """Say whether a comparison of two titles was answered: interactive encoder and index worker work.

        Raises:
            LocalError: the gateway wants an API key, and has none or another.
        """
        try:
            if self._job is None:
                answer = self._http.post(
                    "/api/dedup", json={"a": _TITLE, "b": _TITLE}, headers={"Prefer": "wait=2"}
                )
            else:
                answer = self._http.get(self._job, headers={"Prefer": "wait=2"})
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                raise LocalError("the gateway has API keys: set DOPPEL_API_KEY to one that may submit")
            body = answer.raise_for_status().json()
        except httpx.HTTPError:
            self._job = None
            return False
        self._job = None if body["status"] in _ENDED else f"/api/jobs/{body['id']}"
        return bool(body["status"] == "succeeded")
