"""The tables of a catalog. Texts are ids; `key` is `workers.index.keys.key_of` of a listing id."""

from typing import Final

VERSION: Final = 3

_TABLES: Final = """
CREATE TABLE models (modality TEXT PRIMARY KEY, model TEXT NOT NULL, dim INTEGER NOT NULL) STRICT;

CREATE TABLE listings (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, normalised TEXT NOT NULL, image TEXT,
  attributes TEXT NOT NULL, sequence INTEGER NOT NULL
) STRICT;

-- Little-endian float16, L2-normalised before rounding.
CREATE TABLE vectors (
  key INTEGER NOT NULL, modality TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (modality, key)
) STRICT, WITHOUT ROWID;

-- Pairs inside the catalog as last scored, a < b.
CREATE TABLE pairs (
  a TEXT NOT NULL, b TEXT NOT NULL, probability REAL NOT NULL, verdict TEXT NOT NULL, PRIMARY KEY (a, b)
) STRICT, WITHOUT ROWID;
CREATE INDEX pairs_by_b ON pairs (b);

CREATE TABLE groups (id TEXT PRIMARY KEY, canonical TEXT NOT NULL, review INTEGER NOT NULL) STRICT;
CREATE TABLE members (
  listing TEXT PRIMARY KEY, group_id TEXT NOT NULL, probability REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_group ON members (group_id);

-- What a job needs until its results are in the spool.
CREATE TABLE finished_chunks (
  job TEXT NOT NULL, unit TEXT NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL,
  PRIMARY KEY (job, unit)
) STRICT, WITHOUT ROWID;
-- `row` is the listing's place in the upload, or in a rematch, which has none, the `sequence` it had.
CREATE TABLE job_rows (
  job TEXT NOT NULL, listing TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (job, listing)
) STRICT, WITHOUT ROWID;
CREATE TABLE rejections (
  job TEXT NOT NULL, row INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY (job, row)
) STRICT, WITHOUT ROWID;
CREATE TABLE job_pairs (
  job TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL, probability REAL NOT NULL, verdict TEXT NOT NULL,
  message TEXT NOT NULL, PRIMARY KEY (job, a, b)
) STRICT, WITHOUT ROWID;
"""

_OUTCOMES: Final = """
-- What slices were matched with, while nothing that it depends on has changed.
CREATE TABLE outcomes (slice BLOB PRIMARY KEY, pairs BLOB NOT NULL) STRICT;
"""

_ORDERS: Final = """
-- The keys of a job's listings in the order in which they are matched, 16 hexadecimal digits each.
CREATE TABLE job_orders (job TEXT PRIMARY KEY, keys TEXT NOT NULL) STRICT;
"""

# Slices of what is under way were matched in order of id, and the others must be, too.
_BY_ID: Final = """
INSERT INTO job_orders SELECT job, group_concat(printf('%016x', key), '')
  FROM (SELECT job, key FROM job_rows JOIN listings ON id = listing ORDER BY job, listing) GROUP BY job;
"""

SCHEMA: Final = _TABLES + _OUTCOMES + _ORDERS
UPGRADES: Final = {1: _OUTCOMES, 2: _ORDERS + _BY_ID}
"""What makes a file of an earlier version one of the next."""
