"""Rematches: every listing of a catalog matched again."""

from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from services.gateway.access.audit import audited
from services.gateway.access.caller import Caller, CallerInjected
from services.gateway.access.slots import free_slot, take_slot
from services.gateway.idempotency import Key
from services.gateway.job_view import JobView
from services.gateway.prefer import PreferHeader, wait_seconds
from services.gateway.problems import Problem, responses
from services.gateway.routes.answers import accepted_response
from services.gateway.routes.descriptions import IDEMPOTENCY
from services.gateway.routes.limits import AskedLimits
from services.gateway.services import Injected, Services
from shared.errors import LedgerUnavailable, SpoolUnavailable
from shared.ids import new_id
from shared.ledger import JobRecord
from shared.messages import CatalogName, JobOptions

router = APIRouter(prefix="/api/catalogs", tags=["submissions"])

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Ended within `Prefer: wait`", "model": JobView},
    202: {"description": "Accepted and on disk; look at `Location`", "model": JobView},
    **responses(400, 409, 422, 503),
}


async def _accept(
    services: Services, caller: Caller, key: Key | None, job_id: str, options: JobOptions
) -> JobRecord:
    """Return the new job, or the earlier one of the same idempotency key."""
    fingerprint = sha256(f"rematch\n{options.model_dump_json()}".encode()).hexdigest()
    if not await run_in_threadpool(services.idempotency.acquire, key, job_id):
        assert key is not None  # noqa: S101 - without a key every request is the first
        return await services.idempotency.earlier(key, fingerprint)
    try:
        await run_in_threadpool(services.admission.admit_bulk)
        await run_in_threadpool(take_slot, services.ledger, caller, job_id)
        await run_in_threadpool(services.idempotency.remember, key, fingerprint)
        await run_in_threadpool(services.rematcher.accept, job_id, options)
    except (LedgerUnavailable, SpoolUnavailable, Problem):
        await run_in_threadpool(services.idempotency.release, key, job_id)
        await run_in_threadpool(free_slot, services.ledger, caller, job_id)
        raise
    return await run_in_threadpool(services.ledger.read, job_id)


@router.post(
    "/{catalog}/rematches",
    summary="Match a catalog again",
    status_code=202,
    response_model=JobView,
    responses=_RESPONSES,
    openapi_extra=IDEMPOTENCY,
)
async def rematch(
    services: Injected,
    caller: CallerInjected,
    request: Request,
    catalog: Annotated[CatalogName, Path()],
    limits: AskedLimits,
    threshold: Annotated[float | None, Query(ge=0, le=1, description="in place of the classifier's")] = None,
    prefer: PreferHeader = None,
) -> Response:
    """Matches every listing of the catalog with every other again, without encoding; takes no body.

    Afterwards the catalog's pairs and groups are those that one submission of all its listings would have
    given: for a new classifier, another `k`, or after many small submissions. A catalog that does not exist
    fails the job with `catalog_unknown`.
    """
    options = JobOptions(catalog=catalog, threshold=threshold, **limits.model_dump())
    job_id = new_id()
    with audited(caller, "rematch", job_id, catalog) as entry:
        record = await _accept(services, caller, Key.of(request, caller.id), job_id, options)
        entry.job, entry.outcome = record.id, "accepted" if record.id == job_id else "repeated"
    seconds = wait_seconds(prefer, services.settings.max_wait_s)
    if seconds:
        record = await services.waiter.wait(record.id, seconds)
    return accepted_response(record, seconds)
