"""Bodies of submissions: what is sent, as which type, and whether it can be sent a second time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from client.errors import DoppelError
from client.listings import ListingInput, ndjson, ndjson_file

_READ_BYTES = 256 * 1024
CONTENT_TYPES = {
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".json": "application/json",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".zip": "application/zip",
}
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Upload:
    """A body; `open` starts it from its first byte and can be called again only when `repeatable`."""

    content_type: str
    open: Callable[[], Iterator[bytes]]
    repeatable: bool


def upload_of(source: Path | str | Iterable[ListingInput], on_bytes: Progress | None = None) -> Upload:
    """Return the body for a file (its type by its extension) or for listings; `on_bytes` hears of bytes sent.

    Raises:
        DoppelError: there is no such file, or its extension is none of ours.
    """
    if not isinstance(source, str | Path):
        return Upload("application/x-ndjson", lambda: _told(ndjson(source), on_bytes), repeatable=False)
    path = Path(source)
    content_type = CONTENT_TYPES.get(path.suffix.lower())
    if content_type is None:
        raise DoppelError("file_type", f"{path}: not one of {', '.join(CONTENT_TYPES)}")
    if not path.is_file():
        raise DoppelError("file_missing", f"{path}: no such file")
    read = ndjson_file if content_type == "application/x-ndjson" else _blocks
    return Upload(content_type, lambda: _told(read(path), on_bytes), repeatable=True)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            yield block


def _told(blocks: Iterator[bytes], on_bytes: Progress | None) -> Iterator[bytes]:
    sent = 0
    for block in blocks:
        yield block
        sent += len(block)
        if on_bytes is not None:
            on_bytes(sent)
