"""Result pages: NDJSON in the spool."""

from collections.abc import Iterable
from itertools import islice

from shared.spool import Spool, page_key


def write_pages(spool: Spool, job: str, kind: str, lines: Iterable[str], page_rows: int) -> int:
    """Write JSON lines as pages of `page_rows` and return how many pages there are.

    Raises:
        SpoolUnavailable: the storage did not take one.
    """
    remaining, pages = iter(lines), 0
    while page := list(islice(remaining, page_rows)):
        spool.put(page_key(job, kind, pages), ("\n".join(page) + "\n").encode())
        pages += 1
    return pages
