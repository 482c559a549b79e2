"""HTTP with the service: errors become `DoppelHTTPError`, outages are tried again when that is safe."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from client.errors import DoppelHTTPError, NoAnswer

_BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
_ATTEMPTS = 4
# Half a minute's outage.
PATIENT_ATTEMPTS = 10
_MAX_PAUSE_S = 30.0
_MAX_OUTAGE_PAUSE_S = 5.0
_LOCAL = ("localhost", "127.0.0.1", "::1")


def retry_after_s(response: httpx.Response) -> float | None:
    """Return the seconds that `Retry-After` asks for, in either of its forms; None without one."""
    value = response.headers.get("Retry-After")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def error_of(response: httpx.Response) -> DoppelHTTPError:
    """Read a problem (RFC 9457); an answer of another kind becomes code `http_<status>`."""
    try:
        problem = response.json()
        code, detail = str(problem["code"]), str(problem.get("detail") or problem.get("title") or "")
        fields = [f"{field['location']}: {field['detail']}" for field in problem.get("errors") or ()]
    except (ValueError, KeyError, TypeError, AttributeError):
        code, detail, fields = f"http_{response.status_code}", response.reason_phrase, []
    # The detail repeats the first field for those who read nothing else.
    text = "; ".join(dict.fromkeys([detail, *fields]))
    return DoppelHTTPError(response.status_code, code, text, retry_after_s(response))


class Http:
    """Requests to one service, over http if `url` does not say; `pause` is `time.sleep` but for tests."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout_s: float,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        url = url if "://" in url else f"http://{url}"
        # Proxies of the environment are for the world outside, not for this machine.
        local = (urlsplit(url).hostname or "") in _LOCAL
        timeout = httpx.Timeout(timeout_s, connect=10)
        headers = {"Authorization": f"Bearer {key}"} if key else None
        self._client = httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=not local)
        self._pause = pause
        self.url = url

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Callable[[], Iterator[bytes]] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        params: Mapping[str, str | int | float] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
        attempts: int = _ATTEMPTS,
    ) -> httpx.Response:
        """Send a request; outages and `429`/`503` are waited out, up to `attempts`, when it is `repeatable`.

        Raises:
            DoppelHTTPError: the service refused it.
            NoAnswer: the service could not be reached, or broke off.
        """
        for attempt in range(1, attempts + 1):
            last = attempt == attempts or not repeatable
            try:
                response = self._client.request(
                    method, path, content=body() if body else None, json=json, params=params, headers=headers
                )
            except httpx.TransportError as error:
                if last:
                    raise NoAnswer(
                        "no_answer", f"no answer from {self.url}: {error or type(error).__name__}"
                    ) from error
                self._pause(min(0.2 * 2**attempt, _MAX_OUTAGE_PAUSE_S))
                continue
            if response.is_success:
                return response
            problem = error_of(response)
            if last or response.status_code not in _BUSY:
                raise problem
            wanted = problem.retry_after_s
            self._pause(min(0.5 * 2**attempt if wanted is None else wanted, _MAX_PAUSE_S))
        raise NoAnswer("no_answer", f"no answer from {self.url}")
