"""Memory that is freed stays with the process."""

import platform
import subprocess
import sys

import pytest

CODE = """
import resource, sys
from workers.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = faults()
for _ in range(30):
    b"x" * 40_000_000
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this is about glibc's malloc")
def test_large_blocks_are_taken_from_the_system_once() -> None:
    faults = {
        wish: int(
            subprocess.run(
                [sys.executable, "-c", CODE, wish], capture_output=True, text=True, check=True
            ).stdout
        )
        for wish in ("keep", "default")
    }
    assert faults["keep"] < faults["default"] / 3
