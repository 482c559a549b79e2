"""One running stack for all end-to-end tests, with the deterministic profile: no weights, quick start."""

from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.support import Shop

# One address of this machine may be fetched from, for the test of a server that never answers.
SETTINGS = {
    "DOPPEL_CHUNK_LISTINGS": "16",
    "DOPPEL_MAX_IMAGE_PIXELS": "20000000",
    "DOPPEL_FETCH_TIMEOUT_S": "1",
    "DOPPEL_FETCH_PRIVATE_NETWORKS": '["127.0.0.2/32"]',
    "DOPPEL_RECONCILE_EVERY_S": "1",
}


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack(profile="deterministic", settings=SETTINGS) as running:
        running.up()
        running.wait_ready()
        yield running


@pytest.fixture
def shop(stack: Stack) -> Iterator[Shop]:
    client = Shop(stack)
    yield client
    client.close()
