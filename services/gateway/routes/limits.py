"""How many candidates a submission or a rematch asks for, in the query string."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from shared.messages import CandidateLimits

Limit = Annotated[int | None, Query(ge=0, le=100, description="in place of `k` for this channel; 0: none")]


def _limits(
    k: Annotated[int, Query(ge=1, le=100, description="candidates per listing and channel")] = 10,
    k_image: Limit = None,
    k_text: Limit = None,
    k_lexical: Limit = None,
) -> CandidateLimits:
    try:
        return CandidateLimits(k=k, k_image=k_image, k_text=k_text, k_lexical=k_lexical)
    except ValidationError as error:
        raise RequestValidationError(
            [item | {"loc": ("query", *item["loc"])} for item in error.errors(include_url=False)]
        ) from error


AskedLimits = Annotated[CandidateLimits, Depends(_limits)]
