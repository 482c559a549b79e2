"""Cursors: where the next page starts, opaque to the client."""

import base64
import binascii
import re

from services.gateway.problems import Problem

_FORM = re.compile(r"\d{1,15}(?:\.[0-9A-Za-z]{1,40})")


def encode_cursor(first: int, second: int | str) -> str:
    """Return the cursor that holds a position of two parts."""
    return base64.urlsafe_b64encode(f"{first}.{second}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> tuple[int, str] | None:
    """Return the two parts of a cursor, or None without one.

    Raises:
        Problem: it is none of ours.
    """
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise _invalid() from error
    if not _FORM.fullmatch(text):
        raise _invalid()
    first, _, second = text.partition(".")
    return int(first), second


def _invalid() -> Problem:
    return Problem(400, "cursor_invalid", "the cursor is not one that this API gave out")
