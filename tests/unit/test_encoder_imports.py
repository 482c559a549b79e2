import json
import os
import subprocess
import sys

HEAVY = {
    "torch",
    "torchvision",
    "open_clip",
    "timm",
    "transformers",
    "sentence_transformers",
    "faiss",
    "fastapi",
}


def test_the_parent_process_loads_no_models() -> None:
    """Celery's parent only takes messages: it must start fast, and CUDA does not survive in two processes."""
    code = "import json, sys, workers.encoder.main; print(json.dumps(list(sys.modules)))"
    environment = os.environ | {"DOPPEL_REDIS_URL": "redis://127.0.0.1:1/0"}
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env=environment, timeout=60
    )
    assert {name.split(".")[0] for name in json.loads(output.stdout)} & HEAVY == set()
