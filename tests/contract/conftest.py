"""What several contract tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import CommonSettings
from tests.gate import Gate


@pytest.fixture
def gate(settings: CommonSettings, tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(settings, tmp_path / "keys.json")
    with gate.http:
        yield gate
