"""What all answers of the service have in common: pages, ends of jobs; and parameters that were not given."""

from collections.abc import Iterator, Mapping
from typing import Any

from client.errors import JobFailed
from client.http import Http
from client.models import Job


def given(**values: str | float | None) -> dict[str, str | int | float]:
    """Return the parameters that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def pages(http: Http, path: str, params: Mapping[str, str | int | float]) -> Iterator[dict[str, Any]]:
    """Yield the items of a paged answer, following its cursor; a page is asked for when it is needed."""
    page = http.send("GET", path, params={"limit": 1000} | dict(params)).json()
    while True:
        yield from page["items"]
        if not page["next"]:
            return
        page = http.send("GET", page["next"]).json()


def succeeded(job: Job) -> Job:
    """Return the job if it succeeded.

    Raises:
        JobFailed: it ended otherwise.
    """
    if job.status == "succeeded":
        return job
    error = job.error or {}
    code = error.get("code", f"job_{job.status}")
    raise JobFailed(code, f"job {job.id} {job.status}: {error.get('detail', 'no reason was given')}")
