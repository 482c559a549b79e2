"""Names of queues and tasks, as plain strings (Celery mishandles enum members in signatures)."""

from typing import Final

ENCODE_INTERACTIVE: Final = "encode.interactive"
ENCODE_BULK: Final = "encode.bulk"
INDEX_INTERACTIVE: Final = "index.interactive"
INDEX_BULK: Final = "index.bulk"
QUEUES: Final = (ENCODE_INTERACTIVE, ENCODE_BULK, INDEX_INTERACTIVE, INDEX_BULK)

ENCODE_CHUNK: Final = "encoder.encode_chunk"
ENCODE_QUERY: Final = "encoder.encode_query"
INGEST_CHUNK: Final = "index.ingest_chunk"
MATCH_SLICE: Final = "index.match_slice"
FINISH_JOB: Final = "index.finish_job"
ANSWER_QUERY: Final = "index.answer_query"

# Stage of a bulk job -> (task that works on it, queue it travels on).
STAGE_TASKS: Final[dict[str, tuple[str, str]]] = {
    "encode": (ENCODE_CHUNK, ENCODE_BULK),
    "ingest": (INGEST_CHUNK, INDEX_BULK),
    "match": (MATCH_SLICE, INDEX_BULK),
    "finish": (FINISH_JOB, INDEX_BULK),
}
