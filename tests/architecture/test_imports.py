"""Who may import whom: checked on what a process really loads, beside the import contracts."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "torchvision",
    "faiss",
    "numpy",
    "PIL",
    "scipy",
    "sklearn",
    "sentence_transformers",
    "open_clip",
    "pyarrow",
}
WEB = {"fastapi", "starlette", "uvicorn"}


def modules_loaded_by(module: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after importing `module`."""
    names = "{name.split('.')[0] for name, loaded in sys.modules.items() if loaded}"
    code = f"import json, sys, {module}; print(json.dumps(sorted({names})))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("module", "banned"),
    [
        ("shared.ledger, shared.spool, shared.broker, shared.work, shared.settings", HEAVY | WEB),
        ("services.gateway.main", HEAVY),
        ("services.gateway.upload.parquet.__main__", HEAVY - {"pyarrow"} | WEB | {"redis", "pydantic"}),
        ("services.reconciler.main", HEAVY | WEB),
        # Models load in the worker's child, after it was spawned.
        ("workers.encoder.main", WEB | {"faiss", "torch", "sentence_transformers", "open_clip"}),
        ("workers.index.main", WEB | {"torch", "sentence_transformers", "open_clip", "PIL"}),
        ("client", HEAVY - {"numpy", "PIL"} | WEB),
    ],
)
def test_a_process_loads_only_what_it_needs(module: str, banned: set[str]) -> None:
    assert modules_loaded_by(module) & banned == set()
