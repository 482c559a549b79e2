"""Ends workers that live and do not work.

Whoever supervises them starts others, and the ledger gives out their work again.
"""

import faulthandler
import logging
import os
import threading
from collections.abc import Callable
from typing import Final

from celery import Celery, signals
from celery.worker import state

from shared.errors import LedgerUnavailable
from shared.ledger import Ledger

log = logging.getLogger(__name__)

# So many looks in vain, each after the other: a process that was halted for an hour looks once and goes on.
_LOOKS: Final = 6
_BACKSTOP_S: Final = 10

End = Callable[[str], None]


def end_process(reason: str) -> None:
    """Say why and where every thread is, then end at once: what hangs answers no request to stop."""
    log.critical(reason)
    faulthandler.dump_traceback(all_threads=True)
    os._exit(os.EX_SOFTWARE)


class HangWatch:
    """Ends the process when one task takes longer than `limit_s`; of one task at a time.

    Until then the task's heartbeat goes on, as a thread of its own does not know whether its unit gets on.
    """

    def __init__(self, limit_s: float, end: End = end_process) -> None:
        self._limit_s = limit_s
        self._end = end
        self._timer: threading.Timer | None = None

    def connect(self) -> None:
        """Watch every task that Celery runs in this process."""
        signals.task_prerun.connect(self.begin, weak=False)
        signals.task_postrun.connect(self.done, weak=False)

    def begin(self, **_: object) -> None:
        """Watch from now on."""
        reason = f"a task hangs for {self._limit_s:g} s; this process ends, so that another can do it"
        self._timer = threading.Timer(self._limit_s, self._end, [reason])
        self._timer.daemon = True
        self._timer.start()
        # No thread of ours runs while compiled code that hangs keeps the interpreter's lock; this one does.
        faulthandler.dump_traceback_later(self._limit_s + _BACKSTOP_S, exit=True)

    def done(self, **_: object) -> None:
        """The task ended."""
        faulthandler.cancel_dump_traceback_later()
        if self._timer is not None:
            self._timer.cancel()


class ConsumerWatch:
    """Ends the process when, for `limit_s`, it has nothing to do and takes none of the messages that wait.

    `waiting` says how many messages its queues have, `busy` whether it works on one. A free worker gets a
    message as soon as there is one, so that a queue which others are slow to empty is none of these.
    """

    def __init__(
        self,
        waiting: Callable[[], int],
        busy: Callable[[], bool],
        limit_s: float,
        end: End = end_process,
    ) -> None:
        self._waiting = waiting
        self._busy = busy
        self._limit_s = limit_s
        self._end = end
        self._in_vain = 0
        self._started = False

    @classmethod
    def of(cls, app: Celery, ledger: Ledger, limit_s: float) -> "ConsumerWatch":
        """Return a watch of the worker that is this process; `connect` starts it."""
        return cls(
            lambda: sum(ledger.upkeep.queue_depth(queue) for queue in app.amqp.queues.consume_from),
            lambda: bool(state.reserved_requests),
            limit_s,
        )

    def connect(self) -> None:
        """Watch from the moment at which Celery consumes; again after a connection was lost."""
        signals.task_received.connect(self.took, weak=False)
        signals.worker_ready.connect(self.start, weak=False)

    def took(self, **_: object) -> None:
        """A message came."""
        self._in_vain = 0

    def start(self, **_: object) -> None:
        """Look now and then from a daemon thread, which is started once."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._repeat, daemon=True, name="consumer-watch").start()

    def _repeat(self) -> None:
        pause = threading.Event()
        while not pause.wait(self._limit_s / _LOOKS):
            self.look()

    def look(self) -> None:
        """Look once; end the process when this was in vain too often."""
        try:
            stands = not self._busy() and self._waiting() > 0
        except LedgerUnavailable:
            # Nobody can take anything now.
            stands = False
        self._in_vain = self._in_vain + 1 if stands else 0
        if self._in_vain > _LOOKS:
            self._end(
                f"messages wait, and this worker took none for {self._limit_s:g} s; it ends, to be restarted"
            )
