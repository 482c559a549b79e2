"""Responses that several operations give."""

from fastapi import Response

from services.gateway.job_view import etag, retry_after, view
from services.gateway.problems import Problem
from shared.ledger import JobRecord

# Failures of a comparison or a search that only another request can mend.
_CLIENT_CODES = frozenset({"listing_empty", "title_too_long", "encoder_crashed", "catalog_unknown"})


def _poll_headers(record: JobRecord) -> dict[str, str]:
    headers = {"ETag": etag(record), "Cache-Control": "no-store"}
    if not record.ended:
        headers["Retry-After"] = str(retry_after(record))
    return headers


def job_response(record: JobRecord, status: int, waited_s: float = 0) -> Response:
    """Return the job as the body, with what a poller needs in the headers."""
    headers = _poll_headers(record)
    if status != 200:
        headers["Location"] = f"/api/jobs/{record.id}"
    if waited_s:
        headers["Preference-Applied"] = f"wait={waited_s:g}"
    return Response(view(record).model_dump_json(), status, headers, "application/json")


def unchanged_response(record: JobRecord, if_none_match: str) -> Response | None:
    """Return 304 without a body if the client has the job as it is, else None."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    if "*" in tags or etag(record).removeprefix("W/") in tags:
        return Response(None, 304, _poll_headers(record))
    return None


def accepted_response(record: JobRecord, waited_s: float) -> Response:
    """Return 200 with an ended job, else 202 with where to look for it."""
    return job_response(record, 200 if record.ended and waited_s else 202, waited_s)


def raise_client_failure(record: JobRecord) -> None:
    """Raise the problem of a query that its own input made fail.

    Raises:
        Problem: it was that.
    """
    code = (record.error or {}).get("code", "")
    if record.status == "failed" and (code in _CLIENT_CODES or code.startswith("image_")):
        detail = (record.error or {}).get("detail", "")
        raise Problem(422, code, detail, job=f"/api/jobs/{record.id}")
