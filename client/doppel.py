"""The client: one method per thing that the service does."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Unpack

from client.answers import given, pages, succeeded
from client.errors import WaitTimeout
from client.http import PATIENT_ATTEMPTS, retry_after_s
from client.limits import Limits
from client.listings import ListingInput, to_json
from client.models import (
    Comparison,
    Group,
    Job,
    Match,
    Pair,
    Rejection,
    comparison_of,
    group_of,
    job_of,
    match_of,
    pair_of,
    rejection_of,
)
from client.session import Session
from client.uploads import Progress, upload_of

_POLL_S = 1.0
_QUERY_WAIT_S = 10


class Doppel(Session):
    """Access to the service at `url`; usable as a context manager. `key` is an API key, where needed.

    Every method raises `DoppelHTTPError` when the service refuses the request and `NoAnswer` when it cannot
    be reached. Listings are mappings with `id`, `title`, `image` (an http(s) URL, a `Path` or bytes) and any
    other attributes.
    """

    def submit(
        self,
        catalog: str,
        source: Path | str | Iterable[ListingInput],
        *,
        against: str | None = None,
        threshold: float | None = None,
        columns: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        on_bytes: Progress | None = None,
        **limits: Unpack[Limits],
    ) -> Job:
        """Send listings to a catalog, streaming, and return the job that finds their duplicates.

        `source` is a .csv, .parquet, .zip, .ndjson, .jsonl or .json file, or any iterable of listings.
        `columns` maps id, title or image to the name of a column of the table; `against` is catalog,
        submission or catalog:<name>; `limits` are k, k_image, k_text and k_lexical, the candidates that
        each channel gives; `on_bytes` hears how many bytes went out so far.
        """
        upload = upload_of(source, on_bytes)
        params = given(against=against, threshold=threshold, **limits)
        params |= {f"{field}_column": column for field, column in (columns or {}).items()}
        response = self._http.send(
            "POST",
            f"/api/catalogs/{catalog}/submissions",
            body=upload.open,
            params=params,
            headers={
                "Content-Type": upload.content_type,
                "Idempotency-Key": idempotency_key or uuid.uuid4().hex,
            },
            repeatable=upload.repeatable,
        )
        return job_of(response.json(), retry_after_s(response))

    def rematch(
        self,
        catalog: str,
        *,
        threshold: float | None = None,
        idempotency_key: str | None = None,
        **limits: Unpack[Limits],
    ) -> Job:
        """Match every listing of a catalog again, without encoding, and return the job that does it.

        Afterwards the catalog's pairs and groups are those of one submission of everything.
        """
        response = self._http.send(
            "POST",
            f"/api/catalogs/{catalog}/rematches",
            params=given(threshold=threshold, **limits),
            headers={"Idempotency-Key": idempotency_key or uuid.uuid4().hex},
        )
        return job_of(response.json(), retry_after_s(response))

    def job(self, job_id: str) -> Job:
        """Return how far a job is."""
        response = self._http.send("GET", f"/api/jobs/{job_id}")
        return job_of(response.json(), retry_after_s(response))

    def jobs(
        self, *, status: str | None = None, catalog: str | None = None, limit: int = 100
    ) -> Iterator[Job]:
        """Yield jobs but for queries, newest first."""
        return map(job_of, pages(self._http, "/api/jobs", given(status=status, catalog=catalog, limit=limit)))

    def wait(
        self,
        job_id: str,
        *,
        on_progress: Callable[[Job], None] | None = None,
        timeout_s: float | None = None,
        poll_s: float | None = None,
    ) -> Job:
        """Wait until a job ended, asking as often as the service wants (or every `poll_s`), and return it.

        A service that does not answer is waited for, half a minute each time.

        Raises:
            JobFailed: it failed or was cancelled.
            WaitTimeout: it has not ended after `timeout_s`.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            response = self._http.send("GET", f"/api/jobs/{job_id}", attempts=PATIENT_ATTEMPTS)
            job = job_of(response.json(), retry_after_s(response))
            if on_progress is not None:
                on_progress(job)
            if job.ended:
                return succeeded(job)
            if deadline is not None and time.monotonic() > deadline:
                raise WaitTimeout("wait_timeout", f"job {job_id} has not ended after {timeout_s:g} s")
            wanted = _POLL_S if job.retry_after_s is None else job.retry_after_s
            self._pause(wanted if poll_s is None else poll_s)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job; one that ended stays as it is."""
        return job_of(self._http.send("DELETE", f"/api/jobs/{job_id}").json())

    def pairs(
        self,
        job_id: str,
        *,
        verdict: str | None = None,
        min_probability: float | None = None,
        max_probability: float | None = None,
    ) -> Iterator[Pair]:
        """Yield the pairs of a finished job, most probable first."""
        params = given(verdict=verdict, min_probability=min_probability, max_probability=max_probability)
        return map(pair_of, pages(self._http, f"/api/jobs/{job_id}/pairs", params))

    def groups(self, job_id: str) -> Iterator[Group]:
        """Yield the groups of a finished job, largest first."""
        return map(group_of, pages(self._http, f"/api/jobs/{job_id}/groups", {}))

    def rejections(self, job_id: str) -> Iterator[Rejection]:
        """Yield the listings of a finished job that could not be taken, in the order of the upload."""
        return map(rejection_of, pages(self._http, f"/api/jobs/{job_id}/rejections", {}))

    def dedup(
        self, a: ListingInput, b: ListingInput, *, catalog: str | None = None, threshold: float | None = None
    ) -> Comparison:
        """Compare two listings.

        Raises:
            JobFailed: it could not be done, e.g. as an image could not be fetched.
        """
        body = {"a": to_json(a), "b": to_json(b)} | given(catalog=catalog, threshold=threshold)
        return comparison_of(self._query("/api/dedup", body))

    def search(
        self,
        catalog: str,
        *,
        title: str | None = None,
        image: str | Path | bytes | None = None,
        threshold: float | None = None,
        **limits: Unpack[Limits],
    ) -> list[Match]:
        """Return at most `k` listings of a catalog, those most like a title, an image, or both, best first.

        Raises:
            JobFailed: it could not be done, e.g. as there is no such catalog.
        """
        listing = to_json({"title": title, "image": image})
        body = listing | given(catalog=catalog, threshold=threshold, **limits)
        return [match_of(match) for match in self._query("/api/search", body)["matches"]]

    def _query(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Prefer": f"wait={_QUERY_WAIT_S}", "Idempotency-Key": uuid.uuid4().hex}
        response = self._http.send("POST", path, json=body, headers=headers)
        job = job_of(response.json(), retry_after_s(response))
        return dict((succeeded(job) if job.ended else self.wait(job.id)).result)
