"""A comparison or a search, read from its request, before it is a job."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from pydantic_core import to_json

from services.gateway.problems import Problem
from services.gateway.queries.documents import DedupDocument, SearchDocument
from services.gateway.upload.images import ImageFiles, ImageReferences
from services.gateway.upload.refusal import RowRefused
from services.gateway.upload.rows import Columns, RowReader
from shared.messages import CandidateLimits, Listing


@dataclass(frozen=True, slots=True)
class Offer:
    """One listing of a query, and the bytes of its image if they came along."""

    listing: Listing
    image: bytes | None


@dataclass(frozen=True, slots=True)
class Draft:
    """What is asked."""

    kind: Literal["dedup", "search"]
    offers: tuple[Offer, ...]
    catalog: str | None
    limits: CandidateLimits
    threshold: float | None

    def fingerprint(self) -> str:
        """Return the digest of all that matters, whatever form it was sent in."""
        offers = [(offer.listing, sha256(offer.image or b"").hexdigest()) for offer in self.offers]
        return sha256(to_json([self.kind, offers, self.catalog, self.limits, self.threshold])).hexdigest()


def _offer(name: str, fields: dict[str, object], file: bytes | None, max_image_bytes: int) -> Offer:
    """Return a listing of the query, read as one of a submission is.

    Raises:
        Problem: it has neither title nor image, or one of them does not fit.
    """
    carried: list[bytes] = []

    def carry(data: bytes) -> str:
        carried.append(data)
        return ""

    def attached(_: str) -> bytes:
        if not file:
            raise RowRefused("image_empty", "the image has no bytes")
        return file

    if file is not None:
        fields = {**fields, "image": "attached"}
    images = ImageReferences(carry, max_image_bytes, None if file is None else ImageFiles(str, attached))
    try:
        listing = RowReader(Columns(), images).listing(name, {**fields, "id": name})
    except RowRefused as refused:
        status = 413 if refused.code == "image_too_many_bytes" else 422
        raise Problem(status, refused.code, f"{name}: {refused.detail}") from refused
    if carried:
        return Offer(listing.model_copy(update={"image": None}), carried[0])
    return Offer(listing, None)


def dedup_draft(document: DedupDocument, images: dict[str, bytes], max_image_bytes: int) -> Draft:
    """Return the draft of a comparison; `images` holds files that were sent beside the document.

    Raises:
        Problem: a side does not fit.
    """
    offers = tuple(
        _offer(name, side.model_dump(), images.get(name), max_image_bytes)
        for name, side in (("a", document.a), ("b", document.b))
    )
    return Draft("dedup", offers, document.catalog, CandidateLimits(), document.threshold)


def search_draft(document: SearchDocument, images: dict[str, bytes], max_image_bytes: int) -> Draft:
    """Return the draft of a search.

    Raises:
        Problem: what is searched for does not fit.
    """
    fields = document.model_dump(include={"title", "image", "image_url", "attributes"})
    offer = _offer("query", fields, images.get("query"), max_image_bytes)
    limits = CandidateLimits(**document.model_dump(include=set(CandidateLimits.model_fields)))
    return Draft("search", (offer,), document.catalog, limits, document.threshold)
