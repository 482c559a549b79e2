"""How much the ledger's Redis has to carry, in one look."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Load:
    """What waits, and what it takes.

    `memory` is the share of what Redis may use that it does use; `units` are those of all jobs that are not
    done; `queries` are comparisons and searches that no worker has taken yet.
    """

    memory: float
    units: int
    queries: int


def memory_share(info: dict[str, Any]) -> float:
    """Return the used share of `maxmemory`, or of the machine's memory where Redis has no such limit."""
    limit = int(info.get("maxmemory") or info.get("total_system_memory") or 0)
    return int(info["used_memory"]) / limit if limit else 0.0
