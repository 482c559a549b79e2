"""Job ids: ULIDs (https://github.com/ulid/spec), sortable by creation time."""

import secrets
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26


def new_id() -> str:
    """Return a new ULID: 48 bits of milliseconds, then 80 random bits, in 26 Crockford base32 characters."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))


def is_id(text: str) -> bool:
    """Say whether `text` has the form of a ULID."""
    return len(text) == _LENGTH and all(c in _ALPHABET for c in text)


def created_ms(job_id: str) -> int:
    """Return the milliseconds since the epoch at which the id was made."""
    value = 0
    for c in job_id:
        value = value << 5 | _ALPHABET.index(c)
    return value >> 80
