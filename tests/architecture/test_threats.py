"""The table of threats names tests that exist, and leaves out no kind of threat and no part."""

import ast
import re

import pytest

from tests.architecture.forbidden import ROOT

TESTS = ROOT / "tests"
TEXT = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
PARTS = (
    "gateway", "spool", "Redis", "encoder, fetch", "encoder, decode", "index store", "artifacts", "CLI",
    "key file", "result export", "logs", "containers",
)  # fmt: skip


def rows() -> list[list[str]]:
    """Return the cells of each threat: kind, threat, where, what is done, shown by."""
    lines = [line for line in TEXT.splitlines() if re.match(r"\| [STRIDE] \|", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names_in(path: str) -> set[str]:
    """Return the names of a file's tests; none where there is no such file."""
    file = TESTS / path
    if not file.is_file():
        return set()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in found if name.startswith("test_")}


def missing(text: str) -> list[str]:
    """Return what a text names as tests that do not exist."""
    return [f"{path}::{name}" for path, name in NAMED.findall(text) if name not in names_in(path)]


def test_every_test_that_the_table_names_exists() -> None:
    assert missing(TEXT) == []


def test_every_threat_names_tests_and_nothing_else() -> None:
    for kind, threat, where, done, shown in rows():
        assert kind, threat
        assert where, threat
        assert done, threat
        assert NAMED.sub("", shown).strip(" |") == "", threat
        assert NAMED.search(shown), threat


def test_every_kind_and_every_part_is_there() -> None:
    assert {row[0].strip("| ") for row in rows()} == set("STRIDE")
    places = " ".join(row[2] for row in rows())
    assert [part for part in PARTS if part not in places] == []


@pytest.mark.parametrize(
    "text", ["`unit/test_no_file.py::test_a`", "`architecture/test_threats.py::test_no_such_test`"]
)
def test_a_name_of_no_test_is_noticed(text: str) -> None:
    assert len(missing(text)) == 1
