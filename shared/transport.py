"""kombu's Redis transport, but an acknowledgement that fails does not block its worker for ever.

When Redis is away or loading at the moment of an acknowledgement, Celery logs "Couldn't ack" and goes on; but
kombu still counts the message as being worked on, and with a prefetch of one the worker lives and never takes
another. Here the place is freed: the message comes back after the visibility timeout and finds its work done.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kombu.transport import TRANSPORT_ALIASES, redis, virtual
from redis import Redis
from redis.exceptions import RedisError

from shared.connection import is_outage
from shared.crash import crash_at

log = logging.getLogger(__name__)


class QoS(redis.QoS):
    """Frees the place of a message whether or not Redis heard about it."""

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge a message."""
        self._or_free(delivery_tag, lambda: super(QoS, self).ack(delivery_tag))

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Drop a message or give it back."""
        self._or_free(delivery_tag, lambda: super(QoS, self).reject(delivery_tag, requeue))

    def _or_free(self, delivery_tag: str, tell: Callable[[], None]) -> None:
        try:
            tell()
        except RedisError as error:
            if not is_outage(error):
                raise
            log.warning("Redis did not hear of a message's end", extra={"error": str(error)})
            virtual.QoS.ack(self, delivery_tag)


class Channel(redis.Channel):
    """kombu's channel with our bookkeeping."""

    QoS = QoS
    _kept: Redis | None = None

    @contextmanager
    def conn_or_acquire(self, client: Redis | None = None) -> Iterator[Redis]:
        """Give a client of this channel's pool, always the same: making one costs more than a message."""
        # A pool that was closed, in a forked process for one, is followed by another.
        if self._kept is None or self._kept.connection_pool is not self.pool:
            # As `_brpop_start` below.
            self._kept = self._create_client()  # type: ignore[attr-defined]
        yield client or self._kept

    def _brpop_start(self, timeout: float | None = None) -> None:
        """Ask for the next message."""
        crash_at("message-awaited")
        # Not in the package's stubs, as it is private to kombu.
        super()._brpop_start(timeout)  # type: ignore[misc]


class Transport(redis.Transport):
    """kombu's transport with our channel."""

    Channel = Channel


def register() -> None:
    """Use this transport for every `redis://` and `rediss://` address."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
