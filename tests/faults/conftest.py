"""The fault suite's stack, its report, and the option that has it written."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.faults.bench import Bench
from tests.faults.report import FAULT, Collected, Result, table, write
from tests.support import sample

_OPTION = "--faults-report"
_COLLECTED = pytest.StashKey[Collected]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(_OPTION, type=Path, help="write what each fault did to this file, as JSON")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One stack for all faults of a process: each must leave it able to work, and nothing behind."""
    listings, _ = sample(tmp_path_factory.mktemp("sample"), 240)
    with Bench(listings) as made:
        assert made.expected["counts"]["listings"] == len(listings)
        yield made
        made.begin()
        made.drained()
        made.nothing_left()


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Callable[[Result], None]:
    """Tell what a fault did, also to a process that runs several of these."""
    return lambda result: request.node.user_properties.append((FAULT, asdict(result)))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_COLLECTED] = Collected()
    config.pluginmanager.register(config.stash[_COLLECTED])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    results = config.stash[_COLLECTED].results
    path = config.getoption(_OPTION, None)
    if results and path is not None:
        terminalreporter.write_line(table(results))
        write(results, path)
