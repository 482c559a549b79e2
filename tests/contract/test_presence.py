"""Presence, against a real Redis."""

import socket
import threading

from shared.presence import Presence
from shared.settings import CommonSettings
from tests.conftest import wait_until


def test_a_worker_is_seen_while_it_announces_itself(settings: CommonSettings) -> None:
    stop = threading.Event()
    with Presence.connect(settings) as presence:
        assert presence.counts()["encode.bulk"] == 0
        thread = presence.announce("encode.bulk", stop)
        wait_until(lambda: presence.counts()["encode.bulk"] == 1)
        assert presence.counts(socket.gethostname())["encode.bulk"] == 1
        assert presence.counts("another-host")["encode.bulk"] == 0
        stop.set()
        thread.join()
