"""Health and metrics."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from services.gateway.access.caller import metrics_reader
from services.gateway.problems import MEDIA_TYPE, Problem, responses
from services.gateway.readiness import Check, ReadyDocument
from services.gateway.services import Injected

router = APIRouter(tags=["operations"])

_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {
        "description": "Something does not hold; `checks` says what",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/NotReadyDocument"}}},
    }
}


class Health(BaseModel):
    """The answer of a process that lives."""

    status: str


@router.get("/health/live", summary="Is the process alive?")
async def live() -> Health:
    """Looks no further than this process."""
    return Health(status="ok")


@router.get("/health/accepting", summary="Can it take submissions?", responses=_NOT_READY)
def accepting(services: Injected) -> ReadyDocument:
    """Checks that ledger and spool take writes: what is accepted will be done, if later. For balancers."""
    return _answer(services.readiness.accepting())


@router.get("/health/ready", summary="Does the service work?", responses=_NOT_READY)
def ready(services: Injected) -> ReadyDocument:
    """Checks all that a submission needs to be done: storage, workers, progress. For people and alarms."""
    return _answer(services.readiness.look().checks)


def _answer(checks: Iterable[Check]) -> ReadyDocument:
    found = list(checks)
    wrong = [f"{check.name}: {check.detail}" for check in found if not check.ok]
    if wrong:
        raise Problem(
            503, "not_ready", "; ".join(wrong), headers={"Retry-After": "5"},
            checks=[check.model_dump() for check in found],
        )  # fmt: skip
    return ReadyDocument(status="ok", checks=found)


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    dependencies=[Depends(metrics_reader)],
    responses=responses(401, 403, 429),
)
def metrics(services: Injected) -> Response:
    """Requests, listings, queues, jobs and workers."""
    return Response(services.metrics.render(), media_type=CONTENT_TYPE_LATEST)
