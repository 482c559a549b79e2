"""Runs the ledger's script; turns an unreachable Redis into one error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from redis import Redis
from redis.exceptions import RedisError

from shared.connection import is_outage
from shared.errors import LedgerUnavailable


@contextmanager
def outage_as_error() -> Iterator[None]:
    """Raise `LedgerUnavailable` for every way in which Redis can fail to answer or to take a write."""
    try:
        yield
    except RedisError as error:
        if not is_outage(error):
            raise
        raise LedgerUnavailable(f"Redis did not answer: {error}") from error


class LedgerScript:
    """The operations of `scripts.lua`, each atomic."""

    def __init__(self, redis: "Redis") -> None:
        self._script = redis.register_script((Path(__file__).parent / "scripts.lua").read_text())

    def __call__(self, operation: str, *args: str | int) -> Any:  # noqa: ANN401 - each operation has its own answer
        """Run one operation.

        Raises:
            LedgerUnavailable: Redis did not answer.
        """
        with outage_as_error():
            return self._script(args=[operation, *args])


def texts(raw: object) -> dict[str, str]:
    """Name the type of a hash: redis-py cannot say that the client decodes."""
    return cast(dict[str, str], raw)


def names(raw: object) -> list[str]:
    """Name the type of a list of members."""
    return cast(list[str], raw)
