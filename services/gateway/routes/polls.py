"""Polls of a job: what thousands of clients ask every second."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from services.gateway.access.caller import caller_of, require_visible
from services.gateway.job_view import JobView
from services.gateway.prefer import PreferHeader, wait_seconds
from services.gateway.problems import responses
from services.gateway.routes.answers import job_response, unchanged_response
from services.gateway.services import services_of


class _Poll(APIRoute):
    """Calls `job` as FastAPI would, without what that does for any operation: half of the time of a poll."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; other methods of this path are answered as those of any path."""
        if scope["method"] != "GET":
            await super().handle(scope, receive, send)
            return
        request = Request(scope, receive, send)
        headers, job_id = request.headers, scope["path_params"]["job_id"]
        response = await job(request, job_id, headers.get("prefer"), headers.get("if-none-match"))
        await response(scope, receive, send)


router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=_Poll)


@router.get(
    "/{job_id}",
    summary="A job",
    response_model=JobView,
    responses={304: {"description": "Not changed since `If-None-Match`"}, **responses(404, 410, 503)},
)
async def job(
    request: Request,
    job_id: str,
    prefer: PreferHeader = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Status, counts, rate, estimate and links; the result of a comparison or a search."""
    # Nothing is injected here.
    services, caller = await services_of(request), await caller_of(request)
    seconds = wait_seconds(prefer, services.settings.max_wait_s)
    record = await services.reader.read(job_id)
    require_visible(services, caller, record)
    if seconds:
        record = await services.waiter.wait(job_id, seconds)
    unchanged = unchanged_response(record, if_none_match) if if_none_match else None
    return unchanged or job_response(record, 200, seconds)
