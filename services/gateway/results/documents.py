"""Result pages as JSON documents, for the description of the API."""

from pydantic import BaseModel

from shared.messages import Group, Pair, Rejection


class PairPage(BaseModel):
    """A page of pairs; `next` is the address of the next page."""

    items: list[Pair]
    next: str | None


class GroupPage(BaseModel):
    """A page of groups."""

    items: list[Group]
    next: str | None


class RejectionPage(BaseModel):
    """A page of rejections."""

    items: list[Rejection]
    next: str | None
