"""Work in bulk stands back: its process, and its session where it has one of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import os
from workers.priority import stand_back
stand_back(3)
print(os.nice(0), open("/proc/self/autogroup").read().split()[-1])
"""


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this is about Linux's autogroup")
@pytest.mark.parametrize("leads", [True, False])
def test_a_session_of_ones_own_stands_back_too(leads: bool) -> None:
    # A session for the test, so that nobody else's can be changed.
    command = [sys.executable, "-c", CODE]
    script = command if leads else [sys.executable, "-c", f"import subprocess; subprocess.run({command!r})"]
    done = subprocess.run(script, capture_output=True, text=True, check=True, start_new_session=True)
    assert done.stdout.split() == [str(os.nice(0) + 3), "3" if leads else "0"]
