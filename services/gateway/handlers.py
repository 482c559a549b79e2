"""Turns every exception of a request into a problem."""

import logging
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from services.gateway.problems import Problem, render
from services.gateway.security import SECURITY_HEADERS
from shared.errors import DoppelError, ExpiredJob, LedgerUnavailable, TransientError, UnknownJob

log = logging.getLogger(__name__)

# Enough to repair a request by; what was sent is not sent back.
_MOST_ERRORS = 20
_MOST_CHARACTERS = 200
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def _of_doppel(error: DoppelError) -> Problem:
    if isinstance(error, TransientError):
        log.warning("outage", extra={"code": error.code, "error": str(error)})
        what = "the ledger" if isinstance(error, LedgerUnavailable) else "the storage"
        return Problem(503, error.code, f"{what} does not answer; try again", headers={"Retry-After": "2"})
    if isinstance(error, UnknownJob):
        return Problem(404, error.code, str(error))
    if isinstance(error, ExpiredJob):
        return Problem(410, error.code, str(error))
    raise error


def _of_validation(error: RequestValidationError) -> Problem:
    errors = [
        {
            "location": ".".join(str(part) for part in item["loc"])[:_MOST_CHARACTERS],
            "detail": item["msg"],
            "code": item["type"],
        }
        for item in error.errors()[:_MOST_ERRORS]
    ]
    first = errors[0] if errors else {"location": "request", "detail": "invalid"}
    return Problem(
        422, "request_invalid", f"{first['location']}: {first['detail']}", errors=errors
    )  # fmt: skip


def _allowed(request: Request) -> str:
    """Return the methods of a path; the framework's own answer names those of its first operation only."""
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    taken = (
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    )
    return ", ".join(taken)


def _of_http(request: Request, error: HTTPException) -> Problem:
    code = _CODES.get(error.status_code, "http_error")
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return Problem(error.status_code, code, str(error.detail), headers=headers)


async def _problem(request: Request, error: Exception) -> Response:
    return render(request, cast(Problem, error))


async def _doppel(request: Request, error: Exception) -> Response:
    return render(request, _of_doppel(cast(DoppelError, error)))


async def _validation(request: Request, error: Exception) -> Response:
    return render(request, _of_validation(cast(RequestValidationError, error)))


async def _http(request: Request, error: Exception) -> Response:
    return render(request, _of_http(request, cast(HTTPException, error)))


async def _internal(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the log has the error
    request_id = request.scope.get("state", {}).get("request_id", "")
    detail = "an error on our side; the log has it under this request's id"
    # Starlette sends this one from outside of all middleware.
    # uvicorn hangs up after it.
    headers = {"X-Request-Id": request_id, "Connection": "close", **SECURITY_HEADERS}
    return render(request, Problem(500, "internal", detail, headers=headers))


def install_handlers(app: FastAPI) -> None:
    """Make the app answer every error as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(DoppelError, _doppel)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)
