"""Comparisons and searches as JSON documents."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.messages import AttributeValue, CandidateLimits, CatalogName

_IMAGE = "an http(s) address, or a data: URI"
Threshold = Annotated[float | None, Field(ge=0, le=1, description="in place of the classifier's own")]


class OfferDocument(BaseModel):
    """One side of a comparison, in the form of a submitted listing: a title, an image, or both."""

    model_config = ConfigDict(extra="allow")

    title: str | None = None
    image: str | None = Field(None, description=_IMAGE)
    image_url: str | None = Field(None, description="the same as `image`")
    attributes: dict[str, AttributeValue | None] | None = None


class DedupDocument(BaseModel):
    """Are these two listings duplicates?"""

    model_config = ConfigDict(extra="forbid")

    a: OfferDocument
    b: OfferDocument
    catalog: CatalogName | None = Field(None, description="whose words and models the answer goes by")
    threshold: Threshold = None


class SearchDocument(CandidateLimits):
    """Which listings of a catalog are near-duplicates of this one? At most `k` are returned."""

    title: str | None = None
    image: str | None = Field(None, description=_IMAGE)
    image_url: str | None = Field(None, description="the same as `image`")
    attributes: dict[str, AttributeValue | None] | None = None
    catalog: CatalogName
    threshold: Threshold = None
