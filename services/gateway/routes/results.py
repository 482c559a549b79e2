"""Results of a submission, page by page."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Response

from services.gateway.access.caller import Caller, CallerInjected, visible_job
from services.gateway.problems import responses
from services.gateway.results.accept import Form, accepted_form
from services.gateway.results.documents import GroupPage, PairPage, RejectionPage
from services.gateway.results.pages import Kind, PairFilter, ResultPage, check_has_results
from services.gateway.results.tables import as_csv
from services.gateway.services import Injected, Services
from shared.messages import Verdict

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["results"])

Cursor = Annotated[str | None, Query(description="`next` of the page before holds it")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Accept = Annotated[str | None, Header(description="application/json, application/x-ndjson or text/csv")]
Probability = Annotated[float, Query(ge=0, le=1)]

_FORMS: dict[str, Any] = {
    "application/x-ndjson": {"schema": {"type": "string"}},
    "text/csv": {"schema": {"type": "string"}},
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": _FORMS,
        "description": 'A page; `Link: <…>; rel="next"` tells the next one in every form',
    },
    **responses(400, 404, 406, 409, 410, 422, 503),
}


def _body(form: Form, kind: Kind, page: ResultPage, following: str | None) -> bytes:
    if form == "text/csv":
        return as_csv(kind, page.lines).encode()
    if form == "application/x-ndjson":
        return b"".join(line + b"\n" for line in page.lines)
    address = b"null" if following is None else b'"' + following.encode() + b'"'
    return b'{"items":[' + b",".join(page.lines) + b'],"next":' + address + b"}"


def _respond(
    services: Services,
    caller: Caller,
    job_id: str,
    kind: Kind,
    cursor: str | None,
    limit: int,
    accept: str | None,
    wanted: PairFilter | None = None,
) -> Response:
    form = accepted_form(accept)
    wanted = wanted or PairFilter()
    check_has_results(visible_job(services, caller, job_id))
    page = services.pages.read(job_id, kind, cursor, limit, wanted)
    headers = {"Vary": "Accept"}
    following = None
    if page.next is not None:
        query = {"cursor": page.next, "limit": str(limit), **wanted.query()}
        following = f"/api/jobs/{job_id}/{kind}?{urlencode(query)}"
        headers["Link"] = f'<{following}>; rel="next"'
    return Response(_body(form, kind, page, following), 200, headers, form)


@router.get("/pairs", summary="Pairs", response_model=PairPage, responses=_RESPONSES)
def pairs(
    services: Injected,
    caller: CallerInjected,
    job_id: str,
    cursor: Cursor = None,
    limit: Limit = 100,
    verdict: Annotated[Verdict | None, Query()] = None,
    min_probability: Probability = 0.0,
    max_probability: Probability = 1.0,
    accept: Accept = None,
) -> Response:
    """Pairs by falling probability of being duplicates."""
    wanted = PairFilter(verdict, min_probability, max_probability)
    return _respond(services, caller, job_id, "pairs", cursor, limit, accept, wanted)


@router.get("/groups", summary="Groups", response_model=GroupPage, responses=_RESPONSES)
def groups(
    services: Injected,
    caller: CallerInjected,
    job_id: str,
    cursor: Cursor = None,
    limit: Limit = 100,
    accept: Accept = None,
) -> Response:
    """Groups that hold a listing of the job, largest first; as CSV one row per member."""
    return _respond(services, caller, job_id, "groups", cursor, limit, accept)


@router.get("/rejections", summary="Rejections", response_model=RejectionPage, responses=_RESPONSES)
def rejections(
    services: Injected,
    caller: CallerInjected,
    job_id: str,
    cursor: Cursor = None,
    limit: Limit = 100,
    accept: Accept = None,
) -> Response:
    """Listings that could not be taken, by their place in the upload, with a code and a reason."""
    return _respond(services, caller, job_id, "rejections", cursor, limit, accept)
