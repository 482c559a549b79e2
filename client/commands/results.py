"""`doppel pairs`, `groups` and `rejections`."""

from enum import StrEnum
from typing import Annotated

import typer

from client.console import DEFAULT_URL, FormatOption, JobId, Key, Limit, Url, number, print_rows, said
from client.doppel import Doppel

_PAIRS = {
    "a": lambda pair: pair.a,
    "b": lambda pair: pair.b,
    "verdict": lambda pair: pair.verdict,
    "probability": lambda pair: number(pair.probability),
    "image": lambda pair: number(pair.image_sim),
    "text": lambda pair: number(pair.text_sim),
    "conflicts": lambda pair: said(pair.conflicts),
}
_GROUPS = {
    "group": lambda group: group.id,
    "size": lambda group: group.size,
    "canonical": lambda group: group.canonical,
    "others": lambda group: ", ".join(m.id for m in group.members if m.id != group.canonical),
    "review": lambda group: (group.review_reason or "yes") if group.review else "",
}
_REJECTIONS = {
    "row": lambda rejection: rejection.row,
    "listing": lambda rejection: rejection.listing_id or "",
    "code": lambda rejection: rejection.code,
    "reason": lambda rejection: rejection.detail,
}


class VerdictName(StrEnum):
    """What a pair can be."""

    DUPLICATE = "duplicate"
    VARIANT = "variant"
    DIFFERENT = "different"


def pairs(
    job_id: JobId,
    verdict: Annotated[VerdictName | None, typer.Option(help="Only pairs of this verdict.")] = None,
    min_probability: Annotated[float | None, typer.Option(min=0, max=1, help="Least probability.")] = None,
    max_probability: Annotated[float | None, typer.Option(min=0, max=1, help="Greatest one.")] = None,
    limit: Limit = 20,
    form: FormatOption = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Print the pairs of a finished job, most probable first."""
    with Doppel(url, key=key) as doppel:
        found = doppel.pairs(
            job_id,
            verdict=verdict.value if verdict else None,
            min_probability=min_probability,
            max_probability=max_probability,
        )
        print_rows(found, _PAIRS, form, limit)


def groups(
    job_id: JobId, limit: Limit = 20, form: FormatOption = None, url: Url = DEFAULT_URL, key: Key = None
) -> None:
    """Print the groups of a finished job, largest first."""
    with Doppel(url, key=key) as doppel:
        print_rows(doppel.groups(job_id), _GROUPS, form, limit)


def rejections(
    job_id: JobId, limit: Limit = 20, form: FormatOption = None, url: Url = DEFAULT_URL, key: Key = None
) -> None:
    """Print the listings of a finished job that could not be taken."""
    with Doppel(url, key=key) as doppel:
        print_rows(doppel.rejections(job_id), _REJECTIONS, form, limit)
