"""What is refused before a process of a stack is started."""

from pathlib import Path

import pytest

from local.background import Background
from local.errors import LocalError
from shared.key_file import add_key
from shared.keys import make_key


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80 80"])
def test_what_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(LocalError, match=f"DOPPEL_GATEWAY_PORT is '{port}'"):
        Background(tmp_path).up({"DOPPEL_GATEWAY_PORT": port})


def test_keys_are_refused_without_one_to_ask_with(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    background = Background(tmp_path / "run")
    settings = {"DOPPEL_KEYS_FILE": str(file)}
    with pytest.raises(LocalError, match=r"keys\.json: No such file"):
        background.up(settings)
    reader, text = make_key("reader", "read")
    add_key(file, reader)
    for key in ({}, {"DOPPEL_API_KEY": make_key("stranger", "admin")[1]}, {"DOPPEL_API_KEY": text}):
        with pytest.raises(LocalError, match="set DOPPEL_API_KEY to one of them that may submit"):
            background.up(settings | key)
    assert not (tmp_path / "run").exists()
