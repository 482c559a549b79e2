"""Every setting is documented where people look for it."""

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from local.settings import TABLE_END, TABLE_START, env_file, markdown_table, variables, with_table
from shared.settings import ALL_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
FIELDS = [pair for settings in ALL_SETTINGS for pair in variables(settings)]
HINT = "make it anew with `python -m local settings --write`"


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in FIELDS if not field.description] == []


def test_env_example_is_what_the_settings_say() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_file(), HINT


def test_readme_table_is_what_the_settings_say() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert TABLE_START in readme, f"the README has no {TABLE_START} … {TABLE_END}"
    assert readme == with_table(readme), HINT


@pytest.mark.parametrize("text", [env_file(), markdown_table()])
def test_every_variable_is_in_both_forms(text: str) -> None:
    assert [name for name, _ in FIELDS if name not in text] == []


@pytest.mark.parametrize("settings", ALL_SETTINGS, ids=lambda settings: settings.__name__)
def test_an_empty_variable_leaves_the_default(
    settings: type[BaseSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [name for name, _ in variables(settings)]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    default = settings()
    for name in names:
        monkeypatch.setenv(name, "")
    assert settings() == default
