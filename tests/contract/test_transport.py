"""The transport frees a worker's place although Redis went away."""

from collections.abc import Callable
from pathlib import Path

import pytest
from kombu import Connection, Queue
from kombu.message import Message
from redis import Redis

from local.ports import free_port
from shared.broker import Publisher, make_celery
from shared.messages import UnitHint
from shared.routing import ENCODE_BULK
from shared.settings import CommonSettings
from shared.transport import Transport, register
from tests.conftest import RedisServer

HINTS = [UnitHint(job_id="j", stage="encode", unit=str(unit)) for unit in range(300)]


def published(settings: CommonSettings) -> list[str]:
    """Take all that waits to be encoded; return the units."""
    units = []
    with make_celery("reader", settings) as app, app.connection_for_read() as connection:
        queue = Queue(ENCODE_BULK)(connection.default_channel)
        while message := queue.get(no_ack=True):
            units.append(message.decode()[0][0]["unit"])
    return units


def test_many_hints_are_published_at_once(settings: CommonSettings) -> None:
    with (
        make_celery("test", settings, publisher_only=True) as app,
        Redis.from_url(settings.redis_url.get_secret_value()) as redis,
    ):
        publisher = Publisher(app)
        publisher.hint(HINTS[0])
        clients = redis.info("stats")["total_connections_received"]
        publisher.hint(*HINTS[1:])
        assert redis.info("stats")["total_connections_received"] == clients
    assert published(settings) == [hint.unit for hint in HINTS]


@pytest.mark.parametrize("end", [Message.ack, Message.reject])
def test_an_acknowledgement_into_the_void_frees_the_place(
    end: Callable[[Message], None], tmp_path: Path
) -> None:
    server = RedisServer(free_port(), tmp_path)
    server.start()
    register()
    with Connection(server.url) as connection:
        assert isinstance(connection.transport, Transport)
        queue = Queue("q")(connection.default_channel)
        queue.declare()
        connection.Producer().publish({"a": 1}, routing_key="q")
        message = queue.get(no_ack=False)
        assert message is not None
        qos = message.channel.qos
        qos.prefetch_count = 1
        assert not qos.can_consume()
        server.kill()
        end(message)
        assert qos.can_consume()
