"""No process of ours runs what it reads."""

import tomllib

import pytest

from tests.architecture.forbidden import FOLDERS, ROOT, forbidden, sources


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_is_looked_at(folder: str) -> None:
    assert any(path.is_relative_to(ROOT / folder) for path in sources())


def test_nothing_of_ours_runs_what_it_reads() -> None:
    found = {str(path.relative_to(ROOT)): forbidden(path.read_text(encoding="utf-8")) for path in sources()}
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import pickle as p",
        "from pickle import loads",
        "from joblib import load",
        "import marshal",
        "def f():\n    import dill",
        "import importlib; importlib.import_module('pickle')",
        "eval('1')",
        "exec('a = 1')",
        "run = eval",
        "import builtins; builtins.exec('a')",
        "from builtins import eval as e; e('1')",
        "__import__('os')",
        "import yaml; yaml.load(text)",
        "import yaml as y; y.load(text, Loader=y.SafeLoader)",
        "from yaml import unsafe_load as read; read(text)",
        "import torch; torch.load(path)",
        "import torch; torch.load(path, weights_only=False)",
        "import torch; torch.load(path, weights_only=flag)",
        "from torch import load; load(path)",
        "import torch.nn; torch.load(path)",
        "import numpy as np; np.load(path)",
        "import numpy as np; np.load(path, allow_pickle=True)",
        "import numpy as np; np.load(path, allow_pickle=1 == 1)",
        "import numpy as np; np.save(path, array, allow_pickle=True)",
        "from numpy import load; load(path)",
        "import pandas as pd; pd.read_pickle(path)",
        "SentenceTransformer(path, trust_remote_code=True)",
        "app.conf.update(accept_content=['json', 'pickle'])",
        "import pickle  # noqa: S403",
    ],
)
def test_each_way_to_run_what_is_read_is_found(source: str) -> None:
    assert len(forbidden(source)) >= 1


@pytest.mark.parametrize(
    "source",
    [
        "import torch; torch.load(path, weights_only=True)",
        "import numpy as np; np.load(path, allow_pickle=False)",
        "import yaml; yaml.safe_load(text)",
        "import json; json.load(file)",
        "model.eval()",
        "import re; re.compile('a')",
        "'a pickle in a sentence'",
    ],
)
def test_what_is_harmless_is_let_be(source: str) -> None:
    assert forbidden(source) == []


def test_ruff_looks_for_the_rest() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    # Random numbers that draw samples are the only security rule that is off everywhere.
    assert {rule for rule in lint["ignore"] if rule.startswith("S") and rule[1:].isdigit()} == {"S311"}
