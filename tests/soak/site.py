"""The stack of a soak: of every process a second one, which is spared; all reach Redis through proxies."""

from collections import Counter
from typing import Final

from local.errors import LocalError
from tests.faults.plant import SETTINGS, Plant
from tests.faults.proxy import Proxy

# Long enough for a client that insists, short enough for jobs to expire many times over in a soak.
RETENTION_S: Final = 90
OPEN_CATALOGS: Final = 6
_SETTINGS: Final = {
    **SETTINGS,
    "DOPPEL_CHUNK_LISTINGS": "16",
    "DOPPEL_SLICE_LISTINGS": "64",
    "DOPPEL_CACHE_TTL_S": "60",
    "DOPPEL_RETENTION_S": str(RETENTION_S),
    "DOPPEL_OPEN_CATALOGS": str(OPEN_CATALOGS),
    "DOPPEL_QUERY_DEADLINE_S": "10",
}
# Never killed, so that what they hold shows whether anything leaks.
SPARED: Final = ("gateway.2", "reconciler.2", "encoder.2", "interactive.2")
KILLED: Final = ("gateway", "reconciler", "encoder", "interactive", "index", "redis")


class Site(Plant):
    """A plant that starts its spare processes, too. `deaths` counts what ended without being killed."""

    def __init__(self) -> None:
        super().__init__(_SETTINGS)
        self.proxies["interactive.2"] = Proxy(self.stack.redis_port)
        usual = self.stack.env["DOPPEL_REDIS_URL"]
        self.stack.env["DOPPEL_REDIS_URL"] = f"redis://127.0.0.1:{self.proxies['interactive.2'].port}/0"
        self.stack.process("interactive.2")
        self.stack.env["DOPPEL_REDIS_URL"] = usual
        self.deaths: Counter[str] = Counter()

    @property
    def gateways(self) -> tuple[int, int]:
        """Ports of the gateways."""
        return self.stack.gateway_port, self.ports["gateway.2"]

    def begin(self) -> None:
        """Start the spare processes and wait until all can work."""
        for name in SPARED:
            self.stack.start(name)
        self.ready()

    def supervise(self) -> None:
        """Start again what ended by itself."""
        for name, process in self.stack.processes.items():
            if process.died:
                self.deaths[name] += 1
                try:
                    self.stack.start(name)
                except LocalError:
                    # It runs again already.
                    continue
