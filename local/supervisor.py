"""Keeps a stack going: what ends is started again. Run by `make up`, with the environment of the stack."""

import logging
import os
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path

from local.environment import PREFIX
from local.errors import LocalError
from local.stack import Stack
from shared.logs import configure_logging

_LOOK_S = 0.2
_MOST_ENDS = 3
_WITHIN_S = 60

log = logging.getLogger("supervisor")


class Supervisor:
    """Starts processes of a stack again that ended by themselves."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._ends: dict[str, list[float]] = defaultdict(list)

    def look(self) -> None:
        """Start again what ended since the last look.

        Raises:
            LocalError: it cannot start (status 78), or has ended more than three times within a minute.
        """
        for process in [process for process in self._stack.processes.values() if process.died]:
            now = time.monotonic()
            ends = self._ends[process.name]
            ends[:] = [end for end in ends if now - end < _WITHIN_S] + [now]
            if process.returncode == os.EX_CONFIG or len(ends) > _MOST_ENDS:
                process.check()
            log.warning("%s ended with status %s and is started again", process.name, process.returncode)
            self._stack.restart(process.name)


def main() -> None:
    """Start a stack and keep it going until a termination; the reason why it cannot go on is printed."""
    # A termination unwinds like Ctrl-C, so that no process of the stack is left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    configure_logging("supervisor")
    settings = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    redis_port, gateway_port = int(settings["DOPPEL_REDIS_PORT"]), int(settings["DOPPEL_GATEWAY_PORT"])
    try:
        with Stack(
            Path(settings["DOPPEL_RUN_DIR"]),
            settings=settings,
            gateway_port=gateway_port,
            redis_port=redis_port,
        ) as stack:
            supervisor = Supervisor(stack)
            stack.up(encoders=int(sys.argv[1]))
            while True:
                supervisor.look()
                time.sleep(_LOOK_S)
    except LocalError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        log.info("the stack was stopped")


if __name__ == "__main__":
    main()
