"""Comparisons and searches as JSON documents."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.messages import CatalogName

_IMAGE = "an http(s) address, or a data: URI"
Threshold = Annotated[float | None, Field(ge=0, le=1, description="in place of the classifier's own")]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OfferDocument(_Document):
    """One side of a comparison: a title, an image, or both."""

    title: str = ""
    image: str | None = Field(None, description=_IMAGE)
    image_url: str | None = Field(None, description="the same as `image`")


class DedupDocument(_Document):
    """Are these two listings duplicates?"""

    a: OfferDocument
    b: OfferDocument
    catalog: CatalogName | None = Field(None, description="whose words and models the answer goes by")
    threshold: Threshold = None


class SearchDocument(OfferDocument):
    """Which listings of a catalog are near-duplicates of this one?"""

    catalog: CatalogName
    k: Annotated[int, Field(ge=1, le=100)] = 10
    threshold: Threshold = None
