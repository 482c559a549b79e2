"""The fault suite's stack, its report, and the option that has it written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.bench import Bench
from tests.faults.report import RESULTS, Result, table, write
from tests.support import sample

_OPTION = "--faults-report"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(_OPTION, type=Path, help="write what each fault did to this file, as JSON")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One stack for all faults: each must leave it as able to work as before."""
    listings, _ = sample(tmp_path_factory.mktemp("sample"), 240)
    with Bench(listings) as made:
        assert made.expected["counts"]["listings"] == len(listings)
        yield made


@pytest.fixture
def results(request: pytest.FixtureRequest) -> list[Result]:
    return request.config.stash.setdefault(RESULTS, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    results = config.stash.get(RESULTS, [])
    path = config.getoption(_OPTION, None)
    if results and path is not None:
        terminalreporter.write_line(table(results))
        write(results, path)
