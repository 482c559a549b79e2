"""Tests that may not share a process with all the others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "DOPPEL_BACKEND"}


@pytest.mark.models
@pytest.mark.timeout(400)
def test_those_of_compiled_networks_pass() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "own_process", FOLDER],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT | {"DOPPEL_TESTS_OWN_PROCESS": "1"},
    )
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]
    assert " passed" in found.stdout
