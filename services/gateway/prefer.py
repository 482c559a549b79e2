"""The `Prefer: wait=N` request header (RFC 7240)."""

import re
from typing import Annotated

from fastapi import Header

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?(?=$|[,;\s])")

PreferHeader = Annotated[
    str | None, Header(description="`wait=10`: wait up to that many seconds for the job to end.")
]


def wait_seconds(prefer: str | None, most: float) -> float:
    """Return how long the client wants the request to be held, at most `most` seconds; 0 without a wish."""
    found = _WAIT.search(prefer.lower()) if prefer else None
    return min(float(found[1]), most) if found else 0.0
