"""The transport frees a worker's place although Redis went away."""

from collections.abc import Callable
from pathlib import Path

import pytest
from kombu import Connection, Queue
from kombu.message import Message

from local.ports import free_port
from shared.transport import Transport, register
from tests.conftest import RedisServer


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
