"""All processes of a stack over a Redis of the test's, each with its own settings, and work for all."""

import base64
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from local.process import Process
from shared.presence import Presence
from shared.routing import ENCODE_BULK, ENCODE_INTERACTIVE
from shared.settings import CommonSettings
from tests.conftest import wait_until
from tests.processes import running, running_gateway
from tests.support import Shop, jpeg, ndjson

ROLES = {
    "encoder": ENCODE_BULK,
    "interactive": ENCODE_INTERACTIVE,
    "index": "index",
    "reconciler": "reconciler",
}


class Site:
    """Runs gateway, reconciler, both encoders and the index worker, without models."""

    def __init__(self, settings: Mapping[str, CommonSettings], folder: Path, **variables: str) -> None:
        self._settings = settings
        self._folder = folder
        self._variables = {"DOPPEL_PROFILE": "deterministic", "DOPPEL_RECONCILE_EVERY_S": "0.2", **variables}
        self._started = ExitStack()
        self.processes: dict[str, Process] = {}
        self.url = ""

    def __enter__(self) -> Self:
        with ExitStack() as started:
            for name in ROLES:
                self.processes[name] = started.enter_context(
                    running(name, self._settings[name], self._folder, **self._variables)
                )
            self.processes["gateway"], port = started.enter_context(
                running_gateway(self._settings["gateway"], self._folder, **self._variables)
            )
            self.url = f"http://127.0.0.1:{port}"
            presence = started.enter_context(Presence.connect(self._settings["reconciler"]))
            wait_until(lambda: set(ROLES.values()) <= set(presence.counts()), 60, what=self.output)
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def check(self) -> None:
        """Fail when a process ended by itself."""
        assert [name for name, process in self.processes.items() if not process.alive] == [], self.output()

    def output(self) -> str:
        """Return all that the processes wrote."""
        return "\n".join(process.output() for process in self.processes.values())


def picture(seed: int) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(seed)).decode()}"


def work(site: Site, **headers: str) -> list[dict[str, Any]]:
    """Let every process do what it does, and return the pairs of a submission of two alike listings."""
    shop = Shop(site)  # type: ignore[arg-type]
    shop.http.headers.update(headers)
    rows = [{"id": str(n), "title": "Red mug 350 ml", "image": picture(1)} for n in range(2)]
    again = {"Idempotency-Key": "once", "Content-Type": "application/x-ndjson"}
    url = "/api/catalogs/shop/submissions"
    try:
        ids = {shop.http.post(url, content=ndjson(rows), headers=again).json()["id"] for _ in range(2)}
        job = shop.wait(ids.pop())
        assert not ids
        compared = shop.http.post("/api/dedup", json={"a": rows[0], "b": rows[1]})
        assert shop.wait(compared.json()["id"])["result"]["verdict"] == "duplicate"
        shop.wait(shop.http.post("/api/catalogs/shop/rematches").json()["id"])
        cancelled = shop.submit("shop", ndjson([{"id": "c", "title": "c"}] * 3))["id"]
        shop.http.delete(f"/api/jobs/{cancelled}").raise_for_status()
        assert "doppel_ledger_up 1" in shop.http.get("/metrics").text
        return shop.rows(job["id"], "pairs")
    finally:
        shop.close()
