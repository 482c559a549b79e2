"""`doppel train-tower`: hands everything over to the trainer, and says what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from client.cli import main

DOPPEL = [sys.executable, "-c", "from client.cli import main; main()"]


def test_without_torch_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SystemExit) as ended:
        main(["train-tower", "photos", "--out", "tower"])
    assert ended.value.code == 1
    assert "training needs torch: pip install -r requirements/trainer.txt" in capsys.readouterr().err


def test_arguments_go_to_the_trainer_and_its_exit_status_comes_back(tmp_path: Path) -> None:
    """The order of options and folders is free; a refusal is one line."""
    arguments = ["train-tower", "--steps", "3", str(tmp_path / "nowhere"), "--out", str(tmp_path / "tower")]
    ended = subprocess.run([*DOPPEL, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == f"error: {tmp_path / 'nowhere'} is no folder"
    assert not (tmp_path / "tower").exists()
