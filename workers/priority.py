"""How much of a busy machine this process gets."""

import contextlib
import os
from pathlib import Path

_AUTOGROUP = Path("/proc/self/autogroup")


def stand_back(steps: int = 5) -> None:
    """Let others go first where processors are short: at 5, a third of the share of each that does not.

    Linux may weigh sessions before it weighs their processes ("autogroup"). A process that has one of its
    own, as those of a local stack have, takes the session back with it; where it may not, nothing happens.
    """
    os.nice(steps)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            _AUTOGROUP.write_text(str(steps))
