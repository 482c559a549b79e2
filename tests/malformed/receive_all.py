"""Receives every malformed table and ZIP, as the gateway would: `python -m tests.malformed.receive_all`."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from services.gateway.problems import Problem
from services.gateway.upload.formats import CSV, JSON, NDJSON, ZIP, Limits
from services.gateway.upload.receiver import Receiver, Upload
from services.gateway.upload.rows import Columns
from shared.messages import Chunk, JobOptions, UnitHint
from tests.malformed.archives import archives
from tests.malformed.limited import limited
from tests.malformed.tables import Blocks, csv_tables, cut, json_arrays, ndjson

LIMITS = Limits(2 * 1024**3, 15_000_000, 10_000_000, 2_000_000)
DEADLINE_S = 5.0
MEMORY_BYTES = 1024**3


class Spool:
    """Reads each chunk as an encoder would, and forgets it."""

    def __init__(self) -> None:
        self.rows = 0
        self.longest_detail = 0

    def put(self, key: str, data: bytes) -> None:
        if "/chunks/" not in key:
            return
        for row in Chunk.model_validate_json(data).rows:
            self.rows += 1
            if row.rejection:
                self.longest_detail = max(self.longest_detail, len(row.rejection.detail))

    def delete_prefix(self, prefix: str) -> None:
        self.rows = 0


class Ledger:
    """Agrees to everything."""

    def create(self, *_: object) -> None:
        return

    def place(self, *_: object) -> int:
        return 1

    def add_chunks(self, job_id: str, rows: dict[int, int]) -> tuple[UnitHint, ...]:
        return tuple(UnitHint(job_id=job_id, stage="encode", unit=str(chunk)) for chunk in rows)

    def keep_receiving(self, job_id: str) -> bool:
        return True

    def seal(self, job_id: str) -> tuple[UnitHint, ...]:
        return ()

    def fail(self, job_id: str, code: str, detail: str) -> bool:
        return bool(f"{code} {detail}".encode())


class Publisher:
    """Tells nobody."""

    def hint(self, *hints: UnitHint) -> None:
        """Do nothing."""


class Body:
    """Blocks that are there already."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def blocks(self, alive: Callable[[], None]) -> Iterator[bytes]:
        yield from self._blocks


def outcome(pool: ThreadPoolExecutor, case: tuple[str, Blocks], limits: Limits = LIMITS) -> dict[str, Any]:
    """Return what was accepted and rejected, or the problem that the client is told."""
    kind, blocks = case
    spool = Spool()
    parts: Any = (spool, Ledger(), Publisher(), pool)
    body: Any = Body(blocks)
    receiver = Receiver(*parts, limits=limits, chunk_listings=32, slice_listings=256, go_on=lambda: None)
    try:
        receipt = receiver.receive(
            Upload("job", kind, Columns(), JobOptions(catalog="shop")), body, lambda: None
        )
    except Problem as problem:
        told = json.dumps([problem.detail, problem.members], ensure_ascii=False).encode()
        return {"problem": problem.code, "status": problem.status, "told_bytes": len(told)}
    except MemoryError:
        return {"raised": "MemoryError"}
    # What a client of the gateway would see as an internal error.
    except Exception as error:  # noqa: BLE001
        return {"raised": repr(error)[:300]}
    assert spool.rows == receipt.listings + receipt.rejections.total()
    return {
        "listings": receipt.listings,
        "rejections": dict(receipt.rejections),
        "longest_detail": spool.longest_detail,
    }


def cases() -> Iterator[tuple[str, tuple[str, Blocks]]]:
    """Yield all of them: a name, and the body's type and blocks."""
    found: Iterable[tuple[str, Iterable[tuple[str, Blocks]]]] = (
        (CSV, csv_tables()),
        (NDJSON, ndjson()),
        (JSON, json_arrays()),
        (ZIP, ((name, cut(data, 65_536)) for name, data in archives(seed=8))),
    )
    for kind, bodies in found:
        for name, blocks in bodies:
            yield f"{kind.rpartition('/')[2]}: {name}", (kind, blocks)


if __name__ == "__main__":
    csv.field_size_limit(LIMITS.max_row_bytes)
    with ThreadPoolExecutor(1) as pool:
        limited(cases(), partial(outcome, pool), DEADLINE_S, MEMORY_BYTES)
