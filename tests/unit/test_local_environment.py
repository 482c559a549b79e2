"""What the stack's processes are told."""

from pathlib import Path

import pytest

from local.environment import ROOT, stack_environment, thread_shares, user_settings
from local.procfile import read_procfile


def test_procfile_names_every_process() -> None:
    assert list(read_procfile(ROOT / "Procfile")) == [
        "redis", "gateway", "reconciler", "encoder", "interactive", "index",
    ]  # fmt: skip


@pytest.mark.parametrize(("cores", "bulk"), [(1, "1"), (2, "2"), (4, "4"), (16, "14")])
def test_bulk_encoder_gets_most_cores(cores: int, bulk: str) -> None:
    assert thread_shares(cores)["DOPPEL_BULK_THREADS"] == bulk


def test_arguments_alone_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOPPEL_LEASE_S", "77")
    monkeypatch.setenv("DOPPEL_REDIS_URL", "redis://elsewhere/0")
    env = stack_environment(tmp_path, 6390, 8099, {"DOPPEL_PROFILE": "clip"})
    assert "DOPPEL_LEASE_S" not in env
    assert env["DOPPEL_REDIS_URL"] == "redis://127.0.0.1:6390/0"
    assert env["DOPPEL_GATEWAY_PORT"] == "8099"
    assert env["DOPPEL_PROFILE"] == "clip"
    assert Path(env["DOPPEL_REDIS_SERVER"]).is_file()
    assert (tmp_path / "catalogs").is_dir()


def test_environment_overrules_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("# a comment\nDOPPEL_PROFILE='clip'\nDOPPEL_LEASE_S=9\nOTHER=1\n", encoding="utf-8")
    monkeypatch.setenv("DOPPEL_LEASE_S", "5")
    found = user_settings(dotenv)
    assert found["DOPPEL_PROFILE"] == "clip"
    assert found["DOPPEL_LEASE_S"] == "5"
    assert "OTHER" not in found


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("DOPPEL_KEYS_FILE=\nDOPPEL_PROFILE=''\nDOPPEL_LEASE_S=9\n", encoding="utf-8")
    monkeypatch.setenv("DOPPEL_LEASE_S", "")
    found = user_settings(dotenv)
    assert found["DOPPEL_LEASE_S"] == "9"
    assert not {"DOPPEL_KEYS_FILE", "DOPPEL_PROFILE"} & set(found)
