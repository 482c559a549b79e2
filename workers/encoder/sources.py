"""Where image bytes come from: the spool, the internet, or the request itself."""

from typing import Protocol

from shared.images import SpooledImage
from workers.encoder.ports import ImageSource
from workers.encoder.refusal import ImageRefused


class Blobs(Protocol):
    """The part of the spool that is read."""

    def get(self, key: str) -> bytes | None:
        """Return the blob, None if there is none."""

    def get_part(self, key: str, start: int, length: int) -> bytes | None:
        """Return `length` bytes of the blob, None if there is none."""


class ListingImages:
    """Finds the bytes that a listing's `image` refers to."""

    def __init__(self, spool: Blobs, web: ImageSource) -> None:
        self._spool = spool
        self._web = web

    def get(self, reference: str) -> bytes:
        """Return the bytes of an image in the spool, or of an http(s) URL.

        Raises:
            ImageRefused: there are none, or they may not be had.
            SpoolUnavailable: the spool did not answer.
        """
        image = SpooledImage.parse(reference)
        if image is None:
            return self._web.get(reference)
        if image.length is None:
            data = self._spool.get(image.key)
        else:
            data = self._spool.get_part(image.key, image.start, image.length)
        if data is None:
            raise ImageRefused("image_missing", "the image did not come with the submission")
        return data
