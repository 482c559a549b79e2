"""The audit log: one line per change that was asked for, with who asked and what came of it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from services.gateway.access.caller import Caller
from services.gateway.problems import Problem
from shared.errors import DoppelError

log = logging.getLogger("audit")

Action = Literal["submission", "rematch", "cancel"]


class Entry:
    """The line to be, completed as the change goes on."""

    def __init__(self, job_id: str, catalog: str | None) -> None:
        self.job = job_id
        self.catalog = catalog
        self.outcome = ""


@contextmanager
def audited(caller: Caller, action: Action, job_id: str, catalog: str | None = None) -> Iterator[Entry]:
    """Log one line when the block ends; a change that was refused has the problem's code for its outcome."""
    entry = Entry(job_id, catalog)
    try:
        yield entry
    except (Problem, DoppelError) as error:
        entry.outcome = error.code
        raise
    except BaseException:
        entry.outcome = "broken_off"
        raise
    finally:
        fields = {"key": caller.id, "action": action, "catalog": entry.catalog, "job": entry.job}
        log.info("change", extra=fields | {"outcome": entry.outcome})
