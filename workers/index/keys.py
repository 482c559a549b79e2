"""Integer keys of listings, for the indexes and the tables."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from workers.index.arrays import Keys


def key_of(listing_id: str) -> int:
    """Return the first 63 bits of BLAKE2b of the id.

    A key follows from the id alone, so that ties broken by key do not depend on the order of arrival. Two ids
    with one key (one chance in 200,000 at ten million listings) break the table's constraint loudly.
    """
    return int.from_bytes(blake2b(listing_id.encode(), digest_size=8).digest(), "big") >> 1


def keys_of(listing_ids: Iterable[str]) -> Keys:
    """Return the keys (n,) of the ids."""
    return np.array([key_of(listing_id) for listing_id in listing_ids], np.int64)
