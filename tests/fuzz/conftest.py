"""The fuzz's stack, with a gateway that is open and one that has keys; its options and its report."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.ports import free_port
from local.stack import Stack
from shared.key_file import add_key
from shared.keys import make_key
from tests.fuzz.campaign import CATALOGS, fill
from tests.fuzz.tally import TALLIES, Tally, table, write

_REPORT, _SEED = "--fuzz-report", "--fuzz-seed"
_KEYED = "gateway.2"
_SETTINGS = {
    "DOPPEL_CHUNK_LISTINGS": "16",
    "DOPPEL_MAX_WAIT_S": "1",
    "DOPPEL_RECONCILE_EVERY_S": "1",
    # Addresses are made up: none of them may be asked.
    "DOPPEL_FETCH_ALLOW_HOSTS": '["photos.test"]',
    "DOPPEL_FETCH_TIMEOUT_S": "1",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(_REPORT, type=Path, help="write the calls and what they came to to this file, as JSON")
    parser.addoption(_SEED, type=int, help="seed of the long campaigns (without one: another each time)")


@dataclass(frozen=True, slots=True)
class Gateways:
    """Addresses of one stack's gateways; keys of the second: an admin's, and one to read one catalog."""

    stack: Stack
    keyed_url: str
    admin: str
    reader: str


@pytest.fixture(scope="session")
def gateways() -> Iterator[Gateways]:
    with Stack(profile="deterministic", settings=_SETTINGS) as stack:
        file = stack.run_dir / "keys.json"
        admin, admin_key = make_key("admin", "admin")
        reader, reader_key = make_key("reader", "read", CATALOGS[:1])
        add_key(file, admin)
        add_key(file, reader)
        port = free_port()
        usual = dict(stack.env)
        stack.env |= {
            "DOPPEL_GATEWAY_PORT": str(port),
            "DOPPEL_KEYS_FILE": str(file),
            "DOPPEL_METRICS_NEED_KEY": "true",
        }
        stack.process(_KEYED)
        stack.env.clear()
        stack.env |= usual
        stack.up()
        stack.start(_KEYED)
        # Generous: a slow machine is no fault.
        stack.wait_ready(180)
        gateways = Gateways(stack, f"http://127.0.0.1:{port}", admin_key, reader_key)
        fill(gateways.keyed_url, admin_key)
        yield gateways


@pytest.fixture
def tallies(request: pytest.FixtureRequest) -> list[Tally]:
    return request.config.stash.setdefault(TALLIES, [])


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    chosen: int | None = request.config.getoption(_SEED, None)
    return random.randrange(2**32) if chosen is None else chosen


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tallies = config.stash.get(TALLIES, [])
    path = config.getoption(_REPORT, None)
    if tallies and path is not None:
        terminalreporter.write_line(table(tallies))
        write(tallies, path)
