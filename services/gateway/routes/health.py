"""Health and metrics."""

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from services.gateway.access.caller import metrics_reader
from services.gateway.problems import responses
from services.gateway.services import Injected

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The answer of a health check."""

    status: str


@router.get("/health/live", summary="Is the process alive?")
async def live() -> Health:
    """Looks no further than this process."""
    return Health(status="ok")


@router.get("/health/ready", summary="Can it take work?", responses=responses(503))
def ready(services: Injected) -> Health:
    """Checks that the ledger takes writes."""
    services.ledger.ping()
    return Health(status="ok")


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    dependencies=[Depends(metrics_reader)],
    responses=responses(401, 403, 429),
)
def metrics(services: Injected) -> Response:
    """Requests, listings, queues and jobs."""
    return Response(services.metrics.render(), media_type=CONTENT_TYPE_LATEST)
