"""Jobs: list, cancel."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.gateway.access.audit import audited
from services.gateway.access.caller import CallerInjected, visible_job
from services.gateway.job_list import JobFilter, list_jobs
from services.gateway.job_view import JobView, Status
from services.gateway.problems import responses
from services.gateway.routes.answers import job_response
from services.gateway.services import Injected
from shared.messages import CatalogName

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


class JobListView(BaseModel):
    """A page of jobs, newest first."""

    items: list[JobView]
    next: str | None


@router.get("", summary="Recent jobs", responses=responses(400, 422, 503))
def recent_jobs(
    services: Injected,
    caller: CallerInjected,
    cursor: Annotated[str | None, Query(description="`next` of the page before holds it")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    status: Annotated[Status | None, Query()] = None,
    catalog: Annotated[CatalogName | None, Query()] = None,
) -> JobListView:
    """Submissions and rematches, newest first; filter by status and catalog. Queries are not listed."""
    caller.require_catalog(catalog)
    wanted = JobFilter(status, catalog, caller.scope)
    items, following = list_jobs(services.ledger, wanted, cursor, limit)
    return JobListView(items=items, next=following)


@router.delete(
    "/{job_id}", summary="Cancel a job", response_model=JobView, responses=responses(404, 410, 503)
)
def cancel_job(services: Injected, caller: CallerInjected, job_id: str) -> Response:
    """Cancels a job that has not ended; one that has is returned as it is."""
    with audited(caller, "cancel", job_id) as entry:
        entry.catalog = visible_job(services, caller, job_id).catalog
        record = services.canceller.cancel(job_id)
        entry.outcome = record.status
    return job_response(record, 200)
