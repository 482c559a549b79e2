"""Gives every request an id, one log line and its place in the metrics."""

import logging
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.metrics import Metrics
from shared.ids import new_id
from shared.logs import log_context

log = logging.getLogger("services.gateway.access")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,100}")
# Asked every few seconds by machines: not worth a line at the usual level.
_QUIET = ("/health/", "/metrics")


def _request_id(scope: Scope) -> str:
    """Return the client's own id if it is harmless in a log, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return new_id()


def _route(scope: Scope) -> str:
    """Return the route's template: a path as sent would make a label per job."""
    return getattr(scope.get("route"), "path", "unmatched")


class Observer:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        with log_context(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.seconds.labels(scope["method"], route).observe(seconds)
        fields = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        if "key" in scope["state"]:
            fields["key"] = scope["state"]["key"]
        log.log(logging.DEBUG if scope["path"].startswith(_QUIET) else logging.INFO, "request", extra=fields)
