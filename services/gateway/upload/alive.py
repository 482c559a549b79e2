"""Signs of life of an upload, whether or not its client sends anything: without them its gateway is dead."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.errors import LedgerUnavailable
from shared.ledger import Ledger

log = logging.getLogger(__name__)


@asynccontextmanager
async def kept_alive(ledger: Ledger, job_id: str, every_s: float) -> AsyncIterator[None]:
    """Tell the ledger every so many seconds, while the block runs, that the job is being received."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                await asyncio.to_thread(ledger.keep_receiving, job_id)
            except LedgerUnavailable as error:
                log.warning("no sign of life of an upload", extra={"job": job_id, "error": str(error)})

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
