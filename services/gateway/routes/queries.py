"""Comparisons and searches."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from services.gateway.access.caller import Caller, CallerInjected
from services.gateway.idempotency import Key
from services.gateway.job_view import JobView
from services.gateway.prefer import PreferHeader, wait_seconds
from services.gateway.problems import Problem, responses
from services.gateway.queries.documents import DedupDocument, SearchDocument
from services.gateway.queries.draft import Draft, dedup_draft, search_draft
from services.gateway.queries.request import (
    body_limit,
    media_type,
    read_document,
    read_form,
    searched,
    sides,
    validated,
)
from services.gateway.routes.answers import accepted_response, raise_client_failure
from services.gateway.routes.descriptions import IDEMPOTENCY, query_body
from services.gateway.services import Injected, Services
from services.gateway.upload.body import Body
from shared.errors import LedgerUnavailable
from shared.ids import new_id
from shared.ledger import JobRecord
from shared.messages import CandidateLimits

router = APIRouter(prefix="/api", tags=["queries"])

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Answered within `Prefer: wait`", "model": JobView},
    202: {"description": "Asked; look at `Location`", "model": JobView},
    **responses(400, 408, 409, 413, 415, 422, 503),
}
_COMPARISON = {"a": {"title": "Ceramic mug 350 ml"}, "b": {"title": "Mug, ceramic, 0.35 L"}}
_COMPARISON_FIELDS = ("a_title", "a_image", "b_title", "b_image", "catalog", "threshold")
_SEARCH_FIELDS = ("title", "image", "catalog", "threshold", *CandidateLimits.model_fields)
_SEARCH = {"catalog": "shop", "title": "Ceramic mug 350 ml", "k": 5}


async def _create(services: Services, key: Key | None, draft: Draft, owner: str | None) -> JobRecord:
    job_id, fingerprint = new_id(), draft.fingerprint()
    if not await run_in_threadpool(services.idempotency.acquire, key, job_id):
        assert key is not None  # noqa: S101 - without a key every request is the first
        return await services.idempotency.earlier(key, fingerprint)
    try:
        await run_in_threadpool(services.admission.admit_query)
        await run_in_threadpool(services.idempotency.remember, key, fingerprint)
        return await run_in_threadpool(services.asker.ask, job_id, draft, owner)
    except (LedgerUnavailable, Problem):
        await run_in_threadpool(services.idempotency.release, key, job_id)
        raise


async def _answer(
    services: Services, caller: Caller, request: Request, prefer: str | None, draft: Draft
) -> Response:
    caller.require_catalog(draft.catalog)
    record = await _create(services, Key.of(request, caller.id), draft, caller.id)
    seconds = wait_seconds(prefer, services.settings.max_wait_s)
    if seconds:
        record = await services.waiter.wait(record.id, seconds)
        raise_client_failure(record)
    return accepted_response(record, seconds)


def _body(services: Services, request: Request) -> Body:
    limit = body_limit(services.settings.max_image_bytes)
    return Body(request.stream(), limit, services.settings.upload_idle_s)


@router.post(
    "/dedup",
    summary="Compare two listings",
    status_code=202,
    response_model=JobView,
    responses=_RESPONSES,
    openapi_extra={**IDEMPOTENCY, **query_body("DedupDocument", _COMPARISON, *_COMPARISON_FIELDS)},
)
async def dedup(
    services: Injected, caller: CallerInjected, request: Request, prefer: PreferHeader = None
) -> Response:
    """Are these two listings the same product? The job's `result` has verdict, probability and evidence."""
    most = services.settings.max_image_bytes
    images: dict[str, bytes] = {}
    if media_type(request) == "application/json":
        document = await read_document(DedupDocument, _body(services, request))
    else:
        fields, images = sides(*await read_form(request, _body(services, request), most))
        document = validated(DedupDocument, fields)
    draft = await run_in_threadpool(dedup_draft, document, images, most)
    return await _answer(services, caller, request, prefer, draft)


@router.post(
    "/search",
    summary="Search a catalog",
    status_code=202,
    response_model=JobView,
    responses=_RESPONSES,
    openapi_extra={
        **IDEMPOTENCY,
        **query_body("SearchDocument", _SEARCH, *_SEARCH_FIELDS, required=("catalog",)),
    },
)
async def search(
    services: Injected, caller: CallerInjected, request: Request, prefer: PreferHeader = None
) -> Response:
    """Near-duplicates of an image, a title or both in a catalog; the job's `result` has the matches."""
    most = services.settings.max_image_bytes
    images: dict[str, bytes] = {}
    if media_type(request) == "application/json":
        document = await read_document(SearchDocument, _body(services, request))
    else:
        fields, images = searched(*await read_form(request, _body(services, request), most))
        document = validated(SearchDocument, fields)
    draft = await run_in_threadpool(search_draft, document, images, most)
    return await _answer(services, caller, request, prefer, draft)
