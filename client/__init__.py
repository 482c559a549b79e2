"""Python client of Doppel, and the `doppel` command line."""

from client.doppel import Doppel
from client.errors import DoppelError, DoppelHTTPError, JobFailed, NoAnswer, WaitTimeout
from client.models import Comparison, Conflict, Group, GroupMember, Job, Match, Pair, Rejection

__all__ = [
    "Comparison",
    "Conflict",
    "Doppel",
    "DoppelError",
    "DoppelHTTPError",
    "Group",
    "GroupMember",
    "Job",
    "JobFailed",
    "Match",
    "NoAnswer",
    "Pair",
    "Rejection",
    "WaitTimeout",
]
