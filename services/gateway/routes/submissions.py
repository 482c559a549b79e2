"""Submissions: listings in bulk."""

import asyncio
from functools import partial
from hashlib import sha256
from typing import Annotated, Any

import anyio
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
from services.gateway.routes.descriptions import IDEMPOTENCY, SUBMISSION_BODY
from services.gateway.routes.limits import AskedLimits
from services.gateway.services import Injected, Services
from services.gateway.upload.alive import kept_alive
from services.gateway.upload.body import Body
from services.gateway.upload.formats import upload_format
from services.gateway.upload.receiver import Upload
from services.gateway.upload.rows import Columns
from shared.ids import new_id
from shared.ledger import JobRecord
from shared.messages import CatalogName, JobOptions

router = APIRouter(prefix="/api/catalogs", tags=["submissions"])

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Ended within `Prefer: wait`", "model": JobView},
    202: {"description": "Accepted and on disk; look at `Location`", "model": JobView},
    **responses(400, 408, 409, 413, 415, 422, 429, 503, 507),
}
# A client that is still sending reads no answer: it is listened to for this long first.
_HEAR_OUT_S = 5.0

Against = Annotated[
    str,
    Query(
        pattern=r"^(catalog|submission|catalog:[a-z0-9][a-z0-9._-]{0,62})$",
        description="what the listings are matched with: `catalog`, `submission`, or `catalog:<name>`",
    ),
]
Column = Annotated[str, Query(min_length=1, max_length=200)]


async def _take(services: Services, upload: Upload, body: Body, key: Key | None, digest: Any) -> None:  # noqa: ANN401 - hashlib names no type
    """Receive the body in a thread of its own; free the key if that fails."""
    if services.uploads.available_tokens < 1:
        raise Problem(429, "too_many_uploads", "too many uploads at once", headers={"Retry-After": "5"})

    def before_seal() -> None:
        services.idempotency.remember(key, digest.hexdigest())

    receive = partial(services.receiver.receive, upload, body, before_seal)
    async with kept_alive(services.ledger, upload.job_id, services.alive_every_s):
        receipt = await anyio.to_thread.run_sync(receive, limiter=services.uploads)
    services.metrics.count(receipt)


async def _hear_out(body: Body) -> None:
    try:
        async with asyncio.timeout(_HEAR_OUT_S):
            await body.drain()
    except (TimeoutError, Problem):
        return


async def _submit(services: Services, caller: Caller, upload: Upload, request: Request) -> JobRecord:
    """Return the job that the body became, or the earlier one of the same idempotency key."""
    key = Key.of(request, caller.id)
    settings = services.settings
    digest = sha256(f"{upload.kind} {sorted(request.query_params.multi_items())}\n".encode())
    body = Body(request.stream(), settings.max_upload_bytes, settings.upload_idle_s, digest if key else None)
    first = await run_in_threadpool(services.idempotency.acquire, key, upload.job_id)
    if key is not None and not first:
        await body.drain()
        return await services.idempotency.earlier(key, digest.hexdigest())
    try:
        await run_in_threadpool(services.admission.admit_bulk)
        await run_in_threadpool(services.admission.require_storage)
        await run_in_threadpool(take_slot, services.ledger, caller, upload.job_id)
        await _take(services, upload, body, key, digest)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(services.idempotency.release, key, upload.job_id)
            await run_in_threadpool(free_slot, services.ledger, caller, upload.job_id)
            await _hear_out(body)
        raise
    return await run_in_threadpool(services.ledger.read, upload.job_id)


@router.post(
    "/{catalog}/submissions",
    summary="Submit listings",
    status_code=202,
    response_model=JobView,
    responses=_RESPONSES,
    openapi_extra={**IDEMPOTENCY, **SUBMISSION_BODY},
)
async def submit(
    services: Injected,
    caller: CallerInjected,
    request: Request,
    catalog: Annotated[CatalogName, Path()],
    limits: AskedLimits,
    against: Against = "catalog",
    threshold: Annotated[float | None, Query(ge=0, le=1, description="in place of the classifier's")] = None,
    id_column: Column = "id",
    title_column: Column = "title",
    image_column: Column = "image",
    prefer: PreferHeader = None,
) -> Response:
    """Takes listings into the catalog and finds their duplicates.

    JSON, NDJSON, CSV, Parquet, or a ZIP with one such table and the images it names. A bad row is a
    rejection of the job, never a failed request; a body that cannot be read as a whole is refused and nothing
    of it is taken.
    """
    kind = upload_format(request.headers.get("Content-Type", ""), request.headers.get("Content-Encoding", ""))
    most = services.settings.max_upload_bytes
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > most:
        raise Problem(413, "body_too_large", f"the body has more than {most} bytes")
    options = JobOptions(catalog=catalog, against=against, threshold=threshold, **limits.model_dump())
    upload = Upload(new_id(), kind, Columns(id_column, title_column, image_column), options)
    with audited(caller, "submission", upload.job_id, catalog) as entry:
        if against.startswith("catalog:"):
            caller.require_catalog(against.removeprefix("catalog:"))
        record = await _submit(services, caller, upload, request)
        entry.job, entry.outcome = record.id, "accepted" if record.id == upload.job_id else "repeated"
    seconds = wait_seconds(prefer, services.settings.max_wait_s)
    if seconds:
        record = await services.waiter.wait(record.id, seconds)
    return accepted_response(record, seconds)
