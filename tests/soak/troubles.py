"""What goes wrong, at random moments, one thing after another, until it is told to stop."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tests.faults.proxy import Proxy
from tests.soak.site import Site

# How often each is killed, beside the others.
_KILLS: Final = {"encoder": 5, "interactive": 2, "gateway": 4, "reconciler": 2, "index": 4, "redis": 1}
# A unit of work may be begun three times. What kills its worker whenever it is begun is no longer random.
_REST_S: Final = defaultdict(lambda: 10.0, index=15.0, redis=60.0)
_NETWORK_SHARE: Final = 0.45


def _lost(name: str, seconds: float) -> Callable[[Proxy], None]:
    def act(proxy: Proxy) -> None:
        setattr(proxy, name, True)
        time.sleep(seconds)
        proxy.heal()

    return act


def _cut(proxy: Proxy) -> None:
    for _ in range(3):
        proxy.cut_next = True
        time.sleep(0.4)
    proxy.heal()


def _delayed(proxy: Proxy) -> None:
    proxy.delay_s = 0.3
    time.sleep(2)
    proxy.heal()


_NETWORK: Final[dict[str, Callable[[Proxy], None]]] = {
    "replies lost": _lost("drop_down", 1.5),
    "requests lost": _lost("drop_up", 1.5),
    "commands cut": _cut,
    "connections reset": Proxy.reset,
    "packets delayed": _delayed,
}


@dataclass(frozen=True)
class Trouble:
    """What was done, seconds after the soak began."""

    at_s: float
    what: str
    whom: str


@dataclass
class Troubles:
    """Makes trouble every `every_s` seconds on average; the index worker is left alone after `index_until_s`.

    From then on nothing kills it, nor any of the spared processes: that is when leaks would show.
    """

    site: Site
    every_s: float
    index_until_s: float
    seed: int
    done: list[Trouble] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._began = time.monotonic()
        self._last: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="troubles")

    def start(self, began: float) -> None:
        """Begin; `began` is when the soak did, by the monotonic clock."""
        self._began = began
        self._thread.start()

    def stop(self) -> None:
        """Make no more trouble, and undo what was done."""
        self._stop.set()
        self._thread.join()
        for proxy in self.site.proxies.values():
            proxy.heal()
        self.site.supervise()

    def counts(self) -> Counter[str]:
        """Return how often each was done."""
        return Counter(f"{trouble.what} {trouble.whom}".strip() for trouble in self.done)

    def _run(self) -> None:
        while not self._stop.wait(self._dice.uniform(0.4, 1.6) * self.every_s):
            try:
                self.site.supervise()
                if self._dice.random() < _NETWORK_SHARE:
                    self._break_network()
                else:
                    self._kill()
            except Exception as error:  # noqa: BLE001 - the soak must go on, and must not hold
                self.wrong.append(f"trouble failed: {error!r}")

    def _note(self, what: str, whom: str) -> None:
        self.done.append(Trouble(round(time.monotonic() - self._began, 1), what, whom))

    def _break_network(self) -> None:
        names = [name for name in self.site.proxies if self.site.stack.process(name).alive]
        what, whom = self._dice.choice(sorted(_NETWORK)), self._dice.choice(names)
        self._note(what, whom)
        _NETWORK[what](self.site.proxies[whom])

    def _kill(self) -> None:
        now = time.monotonic()
        able = [
            name
            for name in _KILLS
            if now - self._last.get(name, 0) > _REST_S[name]
            and (name != "index" or now - self._began < self.index_until_s)
        ]
        if able:
            (whom,) = self._dice.choices(able, [_KILLS[name] for name in able])
            self._last[whom] = now
            self._note("killed", whom)
            self.site.stack.restart(whom)
