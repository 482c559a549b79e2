"""Single processes of the Procfile, each as it runs in a stack, over a Redis and a spool of the test's."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from local.environment import ROOT
from local.ports import free_port
from local.process import Process
from local.procfile import read_procfile
from shared.settings import CommonSettings
from tests.conftest import wait_until


def redis_files(settings: CommonSettings) -> dict[str, str]:
    """Return the variables of the files that belong to the address of Redis."""
    files = settings.model_dump(
        include={"redis_password_file", "redis_ca_file", "redis_cert_file", "redis_key_file"},
        exclude_none=True,
    )
    return {f"DOPPEL_{name.upper()}": str(path) for name, path in files.items()}


@contextmanager
def running(name: str, settings: CommonSettings, folder: Path, **variables: str) -> Iterator[Process]:
    """Run a process of the Procfile; its log is a file in `folder`."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("DOPPEL_")} | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "DOPPEL_REDIS_URL": settings.redis_url.get_secret_value(),
        "DOPPEL_SPOOL_URL": settings.spool_url,
        "DOPPEL_CATALOGS_DIR": str(folder / "catalogs"),
        "DOPPEL_BULK_THREADS": "1",
        "DOPPEL_QUERY_THREADS": "1",
        "DOPPEL_INDEX_THREADS": "1",
        **redis_files(settings),
        **variables,
    }
    log = folder / f"{name}-{free_port()}.log"
    process = Process(name, read_procfile(ROOT / "Procfile")[name], cwd=ROOT, env=env, log=log)
    process.start()
    try:
        yield process
    finally:
        process.stop()


@contextmanager
def running_gateway(
    settings: CommonSettings, folder: Path, **variables: str
) -> Iterator[tuple[Process, int]]:
    """Run a gateway, and return it with its port once it can take work."""
    port = free_port()
    with running("gateway", settings, folder, DOPPEL_GATEWAY_PORT=str(port), **variables) as process:

        def ready() -> bool:
            assert process.alive, process.output()
            try:
                return httpx.get(f"http://127.0.0.1:{port}/health/accepting", trust_env=False).is_success
            except httpx.TransportError:
                return False

        wait_until(ready, what=process.output)
        yield process, port
