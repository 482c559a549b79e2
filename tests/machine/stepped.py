"""Processes of the service as threads of which one runs at a time, from one call of a port to the next."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from shared.errors import TransientError
from shared.ledger import Claim

# Parts of the ledger that are ports of their own.
_PARTS = frozenset({"units", "suspects", "upkeep", "idempotency"})
_DEADLINE_S = 60

_here = threading.local()


class Killed(BaseException):
    """Stands for the end of a process: nothing of ours can catch it."""


class Stepped:
    """A process at one piece of work. Its effects are calls of ports; before each it can be stopped.

    A process that was stopped goes on later, is killed, or is told that a call met an outage: before Redis
    or the spool heard of it, or after, when only the answer was lost.
    """

    def __init__(self, kind: str, act: Callable[[], Any]) -> None:
        self.kind = kind
        self.ended = self.dead = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.claim: Claim | None = None
        self.life = 0
        self.calls: list[str] = []
        self._act = act
        self._steps: int | None = None
        self._outage: tuple[int, bool] | None = None
        self._go, self._still = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self._run, name=kind, daemon=True).start()

    def __repr__(self) -> str:
        return f"{self.kind} after {self.calls}"

    def go_on(self, steps: int | None = None, outage: tuple[int, bool] | None = None) -> None:
        """Run for so many calls, or to the end; `outage` says which call fails, and whether it was heard."""
        self._steps, self._outage = steps, outage
        self._go.release()
        assert self._still.acquire(timeout=_DEADLINE_S), f"{self} hangs"

    def kill(self) -> None:
        self.dead = True
        self.go_on()

    def _run(self) -> None:
        self._go.acquire()
        _here.process = self
        try:
            self.stand("start")
            self.result = self._act()
        except Killed:
            self.dead = True
        except BaseException as error:  # noqa: BLE001 - whoever steps it looks at it
            self.error = error
        finally:
            self.ended = True
            self._still.release()

    def stand(self, call: str) -> None:
        """Come to the point before a call."""
        if not self.dead and self._steps == 0:
            self._still.release()
            self._go.acquire()
        if self.dead:
            raise Killed
        if self._steps is not None:
            self._steps -= 1
        self.calls.append(call)

    def fails(self, heard: bool) -> bool:
        """Say whether this call meets the outage, before it was `heard` or after."""
        if self._outage is None or self._outage[1] is not heard:
            return False
        self._outage = None if self._outage[0] == 0 else (self._outage[0] - 1, heard)
        return self._outage is None


class Port:
    """Passes calls on to `target`, each as one step of the process that makes it."""

    def __init__(self, target: object, failure: type[TransientError]) -> None:
        self._target = target
        self._failure = failure

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if name in _PARTS:
            return Port(found, self._failure)
        return partial(self._call, name, found) if callable(found) else found

    def _call(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        process: Stepped | None = getattr(_here, "process", None)
        if process is None:
            return method(*args, **kwargs)
        process.stand(name)
        if process.fails(heard=False):
            raise self._failure(f"{name} was not heard")
        answer = method(*args, **kwargs)
        if name == "claim" and answer.granted:
            process.claim = answer
        if process.fails(heard=True):
            raise self._failure(f"the answer to {name} was lost")
        return answer


def stand(call: str) -> None:
    """Let the process that runs here be stopped, if there is one."""
    process: Stepped | None = getattr(_here, "process", None)
    if process is not None:
        process.stand(call)
