"""What every kind of test shares: a Redis of its own, ledger and spool on it, waiting for conditions."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from local.environment import find_redis
from local.ports import free_port
from shared.inflight import InFlight
from shared.ledger import Ledger
from shared.settings import CommonSettings
from shared.spool import Spool

# With OpenVINO in it, the one process of all tests died of a signal that a test sent it: the kernel could not
# deliver it.
# What needs OpenVINO is marked `own_process`; stacks, whose environment is made anew, use it.
if os.environ.get("DOPPEL_TESTS_OWN_PROCESS") != "1":
    os.environ["DOPPEL_BACKEND"] = "torch"


def wait_until(
    condition: Callable[[], object],
    timeout_s: float = 20,
    every_s: float = 0.02,
    what: Callable[[], object] | None = None,
) -> None:
    """Return when `condition()` is true; past the deadline fail, saying `what` was awaited."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_s} s in vain for {what() if what else condition}")
        time.sleep(every_s)


@dataclass
class RedisServer:
    """A redis-server process with an append-only file in a folder of its own."""

    port: int
    directory: Path
    options: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--dir", str(self.directory), "--bind", "127.0.0.1"]
        arguments += ["--appendonly", "yes", "--save", "", "--logfile", "redis.log", *self.options]
        self.process = subprocess.Popen([find_redis(), *arguments])
        client = Redis.from_url(self.url)

        def answers() -> bool:
            try:
                return bool(client.ping())
            except AuthenticationError:
                return True
            except RedisConnectionError:
                return False

        wait_until(answers)
        client.close()

    def kill(self) -> None:
        """Kill the server as a power cut would; its file stays."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(free_port(), tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def settings(redis_server: RedisServer, tmp_path: Path) -> CommonSettings:
    """Settings of an empty Redis and an empty spool."""
    client = Redis.from_url(redis_server.url)
    client.flushall()
    client.close()
    return CommonSettings(redis_url=redis_server.url, spool_url=str(tmp_path / "spool"))


@pytest.fixture
def ledger(settings: CommonSettings) -> Iterator[Ledger]:
    with Ledger.connect(settings) as connected:
        yield connected


@pytest.fixture
def inflight(settings: CommonSettings) -> Iterator[InFlight]:
    with InFlight.connect(settings) as connected:
        yield connected


@pytest.fixture
def spool(settings: CommonSettings) -> Spool:
    return Spool.connect(settings.spool_url)
