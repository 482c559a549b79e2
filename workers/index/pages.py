"""Result pages: NDJSON in the spool."""

from collections.abc import Iterable, Iterator

from shared.spool import Spool, page_key

# A group may have any number of members: pages of large ones hold few. The gateway holds a page in memory.
MAX_PAGE_BYTES = 4 * 1024**2


def _pages(lines: Iterable[str], page_rows: int) -> Iterator[bytes]:
    """Yield pages that are full, in rows or in bytes; only a single line may be longer than a page."""
    page: list[bytes] = []
    size = 0
    for line in lines:
        data = line.encode() + b"\n"
        if page and (len(page) >= page_rows or size + len(data) > MAX_PAGE_BYTES):
            yield b"".join(page)
            page, size = [], 0
        page.append(data)
        size += len(data)
    if page:
        yield b"".join(page)


def write_pages(spool: Spool, job: str, kind: str, lines: Iterable[str], page_rows: int) -> int:
    """Write JSON lines as pages of at most `page_rows` and return how many pages there are.

    Raises:
        SpoolUnavailable: the storage did not take one.
    """
    pages = 0
    for page in _pages(lines, page_rows):
        spool.put(page_key(job, kind, pages), page)
        pages += 1
    return pages
