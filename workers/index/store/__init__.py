"""A catalog on disk: SQLite is the truth, everything in memory is built from it."""

from workers.index.store.database import Database, open_database
from workers.index.store.groups import GroupTable
from workers.index.store.jobs import Counts, JobTable
from workers.index.store.listings import ListingTable, StoredListing
from workers.index.store.outcomes import OutcomeTable
from workers.index.store.pairs import PairTable

__all__ = [
    "Counts",
    "Database",
    "GroupTable",
    "JobTable",
    "ListingTable",
    "OutcomeTable",
    "PairTable",
    "StoredListing",
    "open_database",
]
