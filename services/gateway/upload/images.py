"""Images as rows name them: an address, a data: URI, or bytes that came in the same upload."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.gateway.upload.refusal import RowRefused

MAX_ADDRESS_CHARACTERS = 4096
_DATA = re.compile(r"data:([^;,]*)(?:;[^;,]*)*?;base64,", re.IGNORECASE)
# Most addresses by far; parsing them costs more than all else that is done to a row.
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9][a-z0-9.-]*/[!-~]*")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


def checked_address(text: str) -> str:
    """Return an http(s) address that is well formed; whether it may be fetched is the encoder's decision.

    Raises:
        RowRefused: it is not one.
    """
    if len(text) > MAX_ADDRESS_CHARACTERS:
        raise RowRefused(
            "image_url_invalid", f"the image address is over {MAX_ADDRESS_CHARACTERS} characters"
        )
    if _PLAIN_ADDRESS.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError as error:
        raise RowRefused("image_url_invalid", f"the image address is malformed: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or _UNPRINTABLE.search(text):
        raise RowRefused("image_url_invalid", f"not an http(s) address: {text[:200]}")
    return text


def decoded_data_uri(text: str, max_bytes: int) -> bytes:
    """Return the bytes that a `data:` URI holds.

    Raises:
        RowRefused: it is not base64, is empty, or holds more than `max_bytes` bytes.
    """
    head = _DATA.match(text[:300])
    if head is None:
        raise RowRefused("image_url_invalid", "a data: URI must be of the form data:image/…;base64,…")
    if head[1] and not head[1].lower().startswith(("image/", "application/octet-stream")):
        raise RowRefused("image_format", f"a data: URI of type {head[1][:100]} is not an image")
    if (len(text) - head.end()) * 3 // 4 - 2 > max_bytes:
        raise RowRefused("image_too_many_bytes", f"the image has more than {max_bytes} bytes")
    try:
        data = base64.b64decode(text[head.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise RowRefused("image_url_invalid", f"the data: URI is not base64: {error}") from error
    if not data:
        raise RowRefused("image_empty", "the image has no bytes")
    if len(data) > max_bytes:
        raise RowRefused("image_too_many_bytes", f"the image has more than {max_bytes} bytes")
    return data


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """Images that came as files in the same upload: `find` tells which one a row names, `read` its bytes.

    Both raise `RowRefused`.
    """

    find: Callable[[str], str]
    read: Callable[[str], bytes]


class ImageReferences:
    """Resolves what a row says of its image to what travels in a `Listing`."""

    def __init__(
        self, store: Callable[[bytes], str], max_bytes: int, files: ImageFiles | None = None
    ) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._files = files
        # Of the archive's files only, which are few: a photo that many rows name is stored once.
        self._stored: dict[str, str] = {}

    def resolve(self, reference: str) -> str:
        """Return an http(s) address, or how a listing refers to bytes that were stored.

        Raises:
            RowRefused: the image is missing, empty, too large, or its address malformed.
        """
        scheme = reference[:8].lower()
        if scheme.startswith("data:"):
            return self._store(decoded_data_uri(reference, self._max_bytes))
        if self._files is None or scheme.startswith(("http://", "https://")):
            return checked_address(reference)
        file = self._files.find(reference)
        if file not in self._stored:
            self._stored[file] = self._store(self._files.read(file))
        return self._stored[file]
