"""Every setting as `.env.example` and as the table of the README, both made from `shared.settings`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from shared.settings import ALL_SETTINGS

TABLE_START = "<!-- settings -->"
TABLE_END = "<!-- /settings -->"
_PREFIX = "DOPPEL_"


def variables(settings: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield name of the environment variable and field of each setting."""
    for name, field in settings.model_fields.items():
        yield f"{_PREFIX}{name.upper()}", field


def _text(value: Any) -> str:  # noqa: ANN401 - defaults are of every type
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return json.dumps(value)
    return "" if value is None else str(value.as_posix() if isinstance(value, Path) else value)


def _owner(settings: type[BaseModel]) -> str:
    return (settings.__doc__ or "").splitlines()[0].rstrip(".")


def env_file() -> str:
    """Return the text of `.env.example`: each setting, commented out, with default and description."""
    lines = [
        "# Settings of Doppel with their defaults. Copy to .env and uncomment what you change;",
        "# made by `python -m local settings`.",
    ]
    for settings in ALL_SETTINGS:
        lines += ["", f"# --- {_owner(settings)} ---"]
        for name, field in variables(settings):
            lines += ["", f"# {field.description}", f"# {name}={_text(field.default)}"]
    return "\n".join(lines) + "\n"


def with_table(readme: str) -> str:
    """Return the README with its table of settings made anew.

    Raises:
        ValueError: the two comments that mark its place are not there.
    """
    start, end = readme.index(TABLE_START), readme.index(TABLE_END) + len(TABLE_END)
    return readme[:start] + markdown_table().rstrip("\n") + readme[end:]


def markdown_table() -> str:
    """Return the README's table, with the two comments that mark its place."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for settings in ALL_SETTINGS:
        rows.append(f"| **{_owner(settings)}** | | |")
        for name, field in variables(settings):
            default = _text(field.default)
            description = (field.description or "").replace("|", "\\|")
            rows.append(f"| `{name}` | {f'`{default}`' if default else ''} | {description} |")
    return "\n".join([TABLE_START, *rows, TABLE_END]) + "\n"
