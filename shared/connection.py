"""Connections to Redis, opened in one way by everything that is ours, and what counts as its outage."""

import socket
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import (
    ClusterDownError,
    ConnectionError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)

from shared.settings import CommonSettings

# A worker waits so long for an answer and then calls it an outage; its work is given back.
WORKER_TIMEOUT_S: Final = 10.0
# A machine that vanished sends no end: without these its connections would hang for hours.
KEEPALIVE: Final = {socket.TCP_KEEPIDLE: 30, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}
if hasattr(socket, "TCP_USER_TIMEOUT"):
    KEEPALIVE[socket.TCP_USER_TIMEOUT] = 60_000


def redis_address(settings: CommonSettings) -> str:
    """Return the address of Redis, a secret, with the password that lies in a file.

    Raises:
        OSError: the file cannot be read.
    """
    address = settings.redis_url.get_secret_value()
    if settings.redis_password_file is None:
        return address
    password = settings.redis_password_file.read_text(encoding="utf-8").strip()
    parts = urlsplit(address)
    place = f"{parts.username or ''}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
    return parts._replace(netloc=place).geturl()


def redis_tls(settings: CommonSettings) -> dict[str, Any]:
    """Return what redis-py and kombu have to be told of TLS: nothing for an address without it.

    Left to itself, kombu checks no certificate at all.
    """
    if not settings.redis_url.get_secret_value().startswith("rediss:"):
        return {}
    return {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": settings.redis_ca_file and str(settings.redis_ca_file),
        "ssl_certfile": settings.redis_cert_file and str(settings.redis_cert_file),
        "ssl_keyfile": settings.redis_key_file and str(settings.redis_key_file),
    }


def open_redis(settings: CommonSettings, *, timeout_s: float, text: bool) -> Redis:
    """Return a connection pool; nothing is sent yet.

    `timeout_s` bounds each call; `text` decodes what comes back.
    """
    return Redis.from_url(
        redis_address(settings),
        **redis_tls(settings),
        decode_responses=text,
        socket_timeout=timeout_s,
        socket_connect_timeout=2,
        socket_keepalive=True,
        socket_keepalive_options=KEEPALIVE,
        health_check_interval=10,
    )


def open_async_redis(settings: CommonSettings, *, connect_s: float) -> AsyncRedis:
    """Return a connection pool for asyncio; a subscription on it may be silent for as long as it likes."""
    return AsyncRedis.from_url(
        redis_address(settings),
        **redis_tls(settings),
        socket_connect_timeout=connect_s,
        socket_keepalive=True,
        health_check_interval=10,
    )


_OUTAGES = (
    ConnectionError, TimeoutError, OutOfMemoryError, ReadOnlyError, MasterDownError, ClusterDownError,
)  # fmt: skip
# The same from inside a script, and a disk that is full: redis-py has no class for these.
_WORDS = ("-OOM", "MISCONF", "-READONLY", "NOREPLICAS")


def is_outage(error: RedisError) -> bool:
    """Say whether Redis is away or takes no writes now, so that the same command may succeed later."""
    return isinstance(error, _OUTAGES) or any(word in str(error) for word in _WORDS)


class OverRedis:
    """Something that works over a connection pool of its own, and closes it as a context manager."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
