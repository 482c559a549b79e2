"""Who asks, and whether they may: every operation under /api depends on it."""

import math
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer

from services.gateway.problems import Problem
from services.gateway.reading import read_job
from services.gateway.services import Services, services_of
from shared.keys import ApiKey, Role
from shared.ledger import JobRecord

_CHALLENGE = 'Bearer realm="doppel"'


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; without a key where none are configured, and then everything is allowed."""

    key: ApiKey | None = None

    @property
    def id(self) -> str | None:
        """The key's id, which is no secret."""
        return self.key.id if self.key else None

    @property
    def scope(self) -> frozenset[str] | None:
        """The catalogs that may be read and written; None for all."""
        return self.key.scope if self.key else None

    def require_role(self, role: Role) -> None:
        """Check that the key has at least this role.

        Raises:
            Problem: it has not.
        """
        if self.key and not self.key.has_role(role):
            detail = f"this key has the role {self.key.role}; this needs {role}"
            raise Problem(403, "role_insufficient", detail)

    def require_catalog(self, catalog: str | None) -> None:
        """Check that a catalog, if one is named, is within the key's scope.

        Raises:
            Problem: it is not; whether there is such a catalog is not said.
        """
        if catalog is not None and self.scope is not None and catalog not in self.scope:
            raise Problem(403, "catalog_forbidden", f"this key is not for the catalog {catalog!r}")

    def may_see(self, record: JobRecord) -> bool:
        """Say whether a job is within the key's scope; one without a catalog is its asker's alone."""
        if self.scope is None:
            return True
        if record.catalog is None:
            return record.owner == self.id
        return record.catalogs <= self.scope


class _CallerOf(HTTPBearer):
    """Says who asks.

    It is the scheme itself, not something that depends on it: every step in a chain of dependencies takes
    FastAPI as long as all that is done here.
    """

    def __init__(self) -> None:
        super().__init__(
            auto_error=False,
            scheme_name="API key",
            description="`dpl_…`, where the service has keys configured",
        )

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        """Return who asks.

        What needs no more than this is checked here: reading needs the role `read`, everything else `submit`,
        and a catalog in the path has to be within the key's scope.

        Raises:
            Problem: no or no valid key (401), one that may not do this (403), or not now (429).
        """
        services = await services_of(request)
        if services.keys is None:
            return Caller()
        bearer = await super().__call__(request)
        if bearer is None:
            detail = "an API key is needed: `Authorization: Bearer dpl_…`"
            raise Problem(401, "key_missing", detail, headers={"WWW-Authenticate": _CHALLENGE})
        key = services.keys.find(bearer.credentials)
        if key is None:
            challenge = f'{_CHALLENGE}, error="invalid_token"'
            detail = "there is no such API key"
            raise Problem(401, "key_unknown", detail, headers={"WWW-Authenticate": challenge})
        request.state.key = key.id
        if key.rate is not None:
            await run_in_threadpool(_count, services, key, key.rate)
        caller = Caller(key)
        caller.require_role("read" if request.method == "GET" else "submit")
        caller.require_catalog(request.path_params.get("catalog"))
        return caller


class _MetricsReader(_CallerOf):
    """Checks the key of whoever reads the metrics, where the settings want one."""

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        """Return who asks.

        Raises:
            Problem: as `caller_of`.
        """
        wanted = (await services_of(request)).settings.metrics_need_key
        return await super().__call__(request) if wanted else Caller()


caller_of = _CallerOf()
metrics_reader = _MetricsReader()
CallerInjected = Annotated[Caller, Depends(caller_of)]


def _count(services: Services, key: ApiKey, rate: int) -> None:
    wait_s = services.ledger.quotas.count_request(key.id, rate)
    if wait_s:
        raise quota_exceeded(f"this key may ask {rate} times a minute", wait_s)


def quota_exceeded(detail: str, wait_s: float) -> Problem:
    """Return the problem of a key that has used up what it may."""
    return Problem(429, "quota_exceeded", detail, headers={"Retry-After": str(math.ceil(wait_s))})


def visible_job(services: Services, caller: Caller, job_id: str) -> JobRecord:
    """Return a job's record; one that the caller may not see is answered as if there were none.

    Raises:
        UnknownJob, ExpiredJob, LedgerUnavailable: as `Ledger.read`.
    """
    record = read_job(services.ledger, job_id)
    require_visible(services, caller, record)
    return record


def require_visible(services: Services, caller: Caller, record: JobRecord) -> None:
    """Check that the caller may see a job.

    Raises:
        UnknownJob, ExpiredJob: it may not, and hears what it would if there were none.
    """
    if not caller.may_see(record):
        raise services.ledger.absence(record.id)
