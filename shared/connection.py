"""Connections to Redis, opened in one way by everything that is ours."""

from typing import Self

from redis import Redis

from shared.settings import CommonSettings


def open_redis(settings: CommonSettings, *, timeout_s: float | None, text: bool) -> Redis:
    """Return a connection pool; nothing is sent yet.

    `timeout_s` bounds each call, None waits; `text` decodes what comes back.
    """
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        decode_responses=text,
        socket_timeout=timeout_s,
        socket_connect_timeout=2,
        socket_keepalive=True,
        health_check_interval=10,
    )


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
