"""API keys: made, kept as digests, and recognised.

A key is 256 random bits, so a plain SHA-256 keeps it as well as a slow password hash would: there is nothing
to guess. Only whoever made it has seen it; what is kept cannot give it back.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.errors import DoppelError

Role = Literal["read", "submit", "decide", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
ALL_CATALOGS: Final = "*"
_PREFIX = "dpl"
_SECRET_BYTES = 32
# Compared with where no key has the id, so that an unknown id takes as long as a wrong secret.
_NO_DIGEST = "0" * 64

CatalogScope = Annotated[str, Field(pattern=r"^(\*|[a-z0-9][a-z0-9._-]{0,62})$")]


class KeyInvalid(DoppelError):
    """What a new key should be does not fit: its name, a catalog, a limit."""

    code = "key_invalid"


class ApiKey(BaseModel):
    """What is kept of a key; `rate` is in requests per minute, None is no limit.

    Each role may do all that the one before it may.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: Role
    catalogs: Annotated[tuple[CatalogScope, ...], Field(min_length=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    created: AwareDatetime
    rate: Annotated[int, Field(ge=1)] | None = None
    max_active_jobs: Annotated[int, Field(ge=1)] | None = None

    def has_role(self, role: Role) -> bool:
        """Say whether the key may do what needs this role."""
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def scope(self) -> frozenset[str] | None:
        """The catalogs that the key is for; None for all of them."""
        return None if ALL_CATALOGS in self.catalogs else frozenset(self.catalogs)


def make_key(
    name: str,
    role: Role,
    catalogs: Iterable[str] = (ALL_CATALOGS,),
    *,
    rate: int | None = None,
    max_active_jobs: int | None = None,
) -> tuple[ApiKey, str]:
    """Return what is kept of a new key, and the key itself: `dpl_<id>_<secret>`.

    Raises:
        KeyInvalid: the name, a catalog or a limit does not fit.
    """
    key_id = secrets.token_hex(6)
    text = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    fields = {
        "id": key_id, "name": name, "role": role, "catalogs": tuple(catalogs), "sha256": _digest(text),
        "created": datetime.now(UTC).replace(microsecond=0), "rate": rate, "max_active_jobs": max_active_jobs,
    }  # fmt: skip
    try:
        return ApiKey.model_validate(fields), text
    except ValidationError as error:
        raise KeyInvalid(first_fault(error)) from error


def recognise(keys: Mapping[str, ApiKey], text: str) -> ApiKey | None:
    """Return the key of `keys` (by id) that `text` is, compared in constant time; None if it is none."""
    prefix, _, rest = text.partition("_")
    key_id, _, _ = rest.partition("_")
    key = keys.get(key_id) if prefix == _PREFIX else None
    same = hmac.compare_digest(_digest(text), key.sha256 if key else _NO_DIGEST)
    return key if same else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def first_fault(error: ValidationError) -> str:
    """Return what does not fit first, without the value."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
