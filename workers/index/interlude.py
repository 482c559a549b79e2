"""Queries are answered in the middle of work in bulk, which takes seconds where they take milliseconds."""

import logging
import math
import time
from typing import Final

from celery import Celery
from kombu import Connection, Message, Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shared.routing import INDEX_INTERACTIVE

log = logging.getLogger(__name__)

_MOST: Final = 16
"""Queries answered at a time, so that work in bulk gets on whatever is asked."""
_TIMEOUT_S: Final = 2.0
_EVERY_S: Final = 0.02


class Interlude:
    """Answers the queries that wait, at the moment and in the thread in which it is called.

    It does so in the midst of work in bulk only, which is a block that it is the context of: a query that
    gave way to others would be answered after them.
    """

    def __init__(self, app: Celery, every_s: float = _EVERY_S) -> None:
        """Make it; Redis is asked for queries once in `every_s` at most."""
        self._app = app
        self._every_s = every_s
        self._asked = -math.inf
        self._queue: Queue | None = None
        self._in_bulk = False

    def __enter__(self) -> None:
        self._in_bulk = True

    def __exit__(self, *_: object) -> None:
        self._in_bulk = False

    def __call__(self) -> None:
        """Answer; whatever happens to a query is none of the caller's business."""
        if self._in_bulk and time.monotonic() - self._asked >= self._every_s:
            self._in_bulk = False
            # Redis that does not answer is asked once in a block: each time would take seconds.
            self._in_bulk = self._answer()
            self._asked = time.monotonic()

    def _answer(self) -> bool:
        """Answer some; return False when Redis cannot be asked."""
        for _ in range(_MOST):
            try:
                message = self._waiting()
            except (OperationalError, RedisError, OSError) as error:
                log.warning("cannot ask for queries", extra={"error": str(error)})
                return False
            if message is None:
                break
            self._run(message)
        return True

    def _waiting(self) -> Message | None:
        if self._queue is None:
            # Without an end of its own, a wait for a machine that vanished would be the work's end.
            connection: Connection = self._app.connection_for_read(
                transport_options={"socket_timeout": _TIMEOUT_S}
            )
            self._queue = Queue(INDEX_INTERACTIVE)(connection.default_channel)
        # Taken for good: it would be given out again only when its deadline is long past.
        return self._queue.get(no_ack=True, accept=["json"])

    def _run(self, message: Message) -> None:
        try:
            arguments, _, _ = message.payload
            self._app.tasks[message.headers["task"]](*arguments)
        except Exception:
            # The query has been told, as when Celery runs it.
            log.exception("a query failed")
