"""A comparison or a search, read from its request, before it is a job."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from pydantic_core import to_json

from services.gateway.problems import Problem
from services.gateway.queries.documents import DedupDocument, OfferDocument, SearchDocument
from services.gateway.upload.images import checked_address, decoded_data_uri
from services.gateway.upload.refusal import RowRefused
from services.gateway.upload.rows import MAX_TITLE_CHARACTERS
from shared.messages import Listing


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
    k: int
    threshold: float | None

    def fingerprint(self) -> str:
        """Return the digest of all that matters, whatever form it was sent in."""
        offers = [(o.listing.title, o.listing.image, sha256(o.image or b"").hexdigest()) for o in self.offers]
        return sha256(to_json([self.kind, offers, self.catalog, self.k, self.threshold])).hexdigest()


def _offer(name: str, document: OfferDocument, image: bytes | None, max_image_bytes: int) -> Offer:
    """Return a listing of the query.

    Raises:
        Problem: it has neither title nor image, or one of them does not fit.
    """
    title = document.title.strip()
    if len(title) > MAX_TITLE_CHARACTERS:
        raise Problem(422, "title_too_long", f"{name}: the title is over {MAX_TITLE_CHARACTERS} characters")
    reference = (document.image or document.image_url or "").strip()
    try:
        if image is not None:
            reference = ""
        elif reference[:5].lower() == "data:":
            image, reference = decoded_data_uri(reference, max_image_bytes), ""
        elif reference:
            checked_address(reference)
    except RowRefused as refused:
        status = 413 if refused.code == "image_too_many_bytes" else 422
        raise Problem(status, refused.code, f"{name}: {refused.detail}") from refused
    if image is not None and not image:
        raise Problem(422, "image_empty", f"{name}: the image has no bytes")
    if not title and not reference and image is None:
        raise Problem(422, "listing_empty", f"{name}: neither a title nor an image")
    return Offer(Listing(id=name, title=title, image=reference or None), image)


def dedup_draft(document: DedupDocument, images: dict[str, bytes], max_image_bytes: int) -> Draft:
    """Return the draft of a comparison; `images` holds files that were sent beside the document.

    Raises:
        Problem: a side does not fit.
    """
    offers = tuple(
        _offer(name, side, images.get(name), max_image_bytes)
        for name, side in (("a", document.a), ("b", document.b))
    )
    return Draft("dedup", offers, document.catalog, 10, document.threshold)


def search_draft(document: SearchDocument, images: dict[str, bytes], max_image_bytes: int) -> Draft:
    """Return the draft of a search.

    Raises:
        Problem: what is searched for does not fit.
    """
    offer = _offer("query", document, images.get("query"), max_image_bytes)
    return Draft("search", (offer,), document.catalog, document.k, document.threshold)
