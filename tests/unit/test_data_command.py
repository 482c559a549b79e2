"""`doppel data shopee` with a Kaggle client that stands on the PATH."""

import zipfile
from pathlib import Path

import pytest

from client.cli import main

ARCHIVE = "shopee-product-matching.zip"


def kaggle(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program named kaggle on the PATH, and nothing else but a shell's tools."""
    folder.mkdir()
    (folder / "kaggle").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "kaggle").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


def refusal(target: Path, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["data", "shopee", str(target)])
    assert ended.value.code == 1
    return " ".join(capsys.readouterr().err.split())


def fetch(target: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["data", "shopee", str(target)])
    assert ended.value.code == 0


def test_without_the_client_one_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = refusal(tmp_path / "shopee", capsys)
    assert "the Kaggle client is not installed: pip install kaggle; accept the rules at https://" in said
    assert not (tmp_path / "shopee").exists()


def test_what_kaggle_refuses_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle(tmp_path / "bin", "echo noise; echo '403 - you must accept the rules' >&2; exit 1", monkeypatch)
    said = refusal(tmp_path / "shopee", capsys)
    assert "Kaggle said: 403 - you must accept the rules. pip install kaggle; accept the rules" in said


def test_the_archive_is_unpacked_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(tmp_path / ARCHIVE, "w") as files:
        files.writestr("train.csv", "posting_id,image,image_phash,title,label_group\n")
        files.writestr("train_images/a.jpg", b"photo")
    kaggle(tmp_path / "bin", f'echo "$@" > {tmp_path}/asked; cp {tmp_path / ARCHIVE} "$6"', monkeypatch)
    target = tmp_path / "shopee"
    fetch(target)
    asked = (tmp_path / "asked").read_text().strip()
    assert asked == f"competitions download -c shopee-product-matching -p {target}"
    assert sorted(path.name for path in target.iterdir()) == ["train.csv", "train_images"]
    assert (target / "train_images" / "a.jpg").read_bytes() == b"photo"
    (tmp_path / "asked").unlink()
    fetch(target)
    assert "already" in capsys.readouterr().out
    assert not (tmp_path / "asked").exists()


def test_half_an_archive_leaves_no_folder_that_looks_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle(tmp_path / "bin", f'echo half > "$6/{ARCHIVE}"', monkeypatch)
    assert "cannot be unpacked" in refusal(tmp_path / "shopee", capsys)
    assert not (tmp_path / "shopee" / "train.csv").exists()
