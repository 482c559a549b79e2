"""Problems: what a client is told when its request cannot be done (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Ends a request with a status, a stable code and one sentence for a person."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members


class FieldError(BaseModel):
    """One field of a request that does not fit."""

    location: str
    detail: str
    code: str


class ProblemDocument(BaseModel):
    """The body of every error."""

    type: str = Field("about:blank", examples=["urn:doppel:problem:job_unknown"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no job 01JD000000000000000000000"])
    instance: str = Field(examples=["/api/jobs/01JD000000000000000000000"])
    code: str = Field(examples=["job_unknown"])
    request_id: str | None = None
    errors: list[FieldError] | None = None


def render(request: Request, problem: Problem) -> JSONResponse:
    """Return the response that tells a problem."""
    document: dict[str, Any] = {
        "type": f"urn:doppel:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.url.path,
        "code": problem.code,
        "request_id": request.scope.get("state", {}).get("request_id"),
        **problem.members,
    }
    return JSONResponse(document, problem.status, problem.headers, MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of the problems that an operation may answer with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}
