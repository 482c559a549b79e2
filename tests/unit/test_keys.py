"""API keys: made, kept without their secret, recognised, revoked."""

import hmac
import json
import threading
from pathlib import Path

import pytest

from shared.key_file import KeysUnreadable, UnknownKey, add_key, read_keys, revoke_key
from shared.keys import ROLES, KeyInvalid, Role, make_key, recognise


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_the_file_keeps_what_was_said_but_not_the_key(path: Path) -> None:
    key, text = make_key("Shop import", "submit", ("shop", "other"), rate=60, max_active_jobs=2)
    add_key(path, key)
    prefix, key_id, secret = text.split("_", 2)
    assert (prefix, key_id) == ("dpl", key.id)
    assert len(secret) >= 43
    assert secret not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_keys(path) == (key,)
    (kept,) = json.loads(path.read_text())["keys"]
    assert kept["catalogs"] == ["shop", "other"]
    assert (kept["name"], kept["role"], kept["rate"]) == ("Shop import", "submit", 60)


def test_no_two_keys_are_alike() -> None:
    made = [make_key("x", "read")[1] for _ in range(50)]
    assert len({text.split("_", 2)[1] for text in made}) == 50
    assert len({text.split("_", 2)[2] for text in made}) == 50


def test_only_the_very_key_is_recognised() -> None:
    (a, a_text), (b, b_text) = make_key("a", "read"), make_key("b", "read")
    keys = {a.id: a, b.id: b}
    assert recognise(keys, a_text) is a
    assert recognise(keys, b_text) is b
    other_secret = f"dpl_{a.id}_{b_text.split('_', 2)[2]}"
    others = [other_secret, a_text[:-1], a_text + "x", a_text.upper(), f"x{a_text}", a.sha256, f"dpl_{a.id}_"]
    for text in [*others, "", "dpl", "dpl__", "_", "ключ", make_key("c", "admin")[1]]:
        assert recognise(keys, text) is None, text


def test_an_unknown_id_is_compared_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def watched(a: str, b: str) -> bool:
        compared.append((len(a), len(b)))
        return compare(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    key, text = make_key("a", "read")
    for sent in (text, text + "x", "dpl_000000000000_x", "nonsense"):
        recognise({key.id: key}, sent)
    assert compared == [(64, 64)] * 4


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_the_one_before_may(role: Role) -> None:
    key, _ = make_key("x", role)
    assert [key.has_role(wanted) for wanted in ROLES] == [i <= ROLES.index(role) for i in range(4)]


def test_the_scope_is_all_catalogs_or_those_named() -> None:
    assert make_key("x", "read")[0].scope is None
    assert make_key("x", "read", ("*", "shop"))[0].scope is None
    assert make_key("x", "read", ("shop",))[0].scope == {"shop"}


@pytest.mark.parametrize(
    "wrong", [{"catalogs": ()}, {"catalogs": ("Shop",)}, {"name": ""}, {"rate": 0}, {"max_active_jobs": -1}]
)
def test_a_key_that_makes_no_sense_is_not_made(wrong: dict[str, object]) -> None:
    fields: dict[str, object] = {"name": "x", "role": "read", "catalogs": ("shop",)} | wrong
    with pytest.raises(KeyInvalid, match=next(iter(wrong))):
        make_key(**fields)  # type: ignore[arg-type]


def test_revoking_takes_one_key_out(path: Path) -> None:
    keys = [make_key(name, "read")[0] for name in "abc"]
    for key in keys:
        add_key(path, key)
    assert revoke_key(path, keys[1].id) == keys[1]
    assert read_keys(path) == (keys[0], keys[2])
    with pytest.raises(UnknownKey):
        revoke_key(path, keys[1].id)


def test_changes_at_once_all_count(path: Path) -> None:
    keys = [make_key(str(number), "read")[0] for number in range(20)]
    threads = [threading.Thread(target=add_key, args=(path, key)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.id for key in read_keys(path)} == {key.id for key in keys}
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_a_link_to_the_file_stays_one(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path.symlink_to(tmp_path / "elsewhere" / "keys.json")
    add_key(path, make_key("x", "read")[0])
    assert path.is_symlink()
    assert len(read_keys(tmp_path / "elsewhere" / "keys.json")) == 1


def test_a_file_that_is_none_of_ours_is_refused_without_quoting_it(path: Path) -> None:
    key, _ = make_key("x", "read")
    twice = json.dumps({"keys": [json.loads(key.model_dump_json(exclude_none=True))] * 2})
    for text in ("", "{", "[]", '{"keys": [{"id": "secret"}]}', '{"keys": [], "more": 1}', twice):
        path.write_text(text)
        with pytest.raises(KeysUnreadable) as refused:
            read_keys(path)
        assert "secret" not in str(refused.value)
        with pytest.raises(KeysUnreadable):
            add_key(path, key)
        assert path.read_text() == text
    with pytest.raises(KeysUnreadable, match="No such file"):
        read_keys(path.with_name("none.json"))
    with pytest.raises(KeysUnreadable, match="No such file"):
        add_key(path.parent / "none" / "keys.json", key)
