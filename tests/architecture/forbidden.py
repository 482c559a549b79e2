"""Finds code that can run what it reads: unpickling in all its forms, `eval`, YAML that makes objects.

Looks at names as the imports of a file resolve them, so an alias hides nothing. Ruff's rules (S) find some of
these too, but not all, and a `noqa` silences them.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("shared", "services", "workers", "client", "local", "benchmarks", "samples")

# Each of these unpickles or runs what it is given; there is no safe way to use it on a file.
_MODULES = frozenset({
    "pickle", "_pickle", "cPickle", "pickletools", "dill", "cloudpickle", "joblib", "marshal", "shelve",
    "jsonpickle", "code", "codeop",
})  # fmt: skip
_NAMES = frozenset({"eval", "exec", "compile", "__import__"})
_CALLS = frozenset({
    "yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.unsafe_load_all", "yaml.full_load",
    "yaml.full_load_all", "pandas.read_pickle", "torch.hub.load", "torch.jit.load",
    "torch.package.PackageImporter", "runpy.run_path",
})  # fmt: skip
# Keywords that open a safe function to pickles or to foreign code; the only value that may be written.
_KEYWORDS = {"allow_pickle": False, "weights_only": True, "trust_remote_code": False}
# As serialisers are named to kombu and to importlib.
_TEXTS = frozenset({"pickle", "application/x-python-serialize", "dill", "joblib", "marshal"})


def sources() -> list[Path]:
    """Return all files of ours that a process may run."""
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def forbidden(source: str) -> list[str]:
    """Return what a source does that none of ours may, each with its line."""
    tree = ast.parse(source)
    known = dict(_imported(tree))
    return [f"line {line}: {what}" for node in ast.walk(tree) for line, what in _faults(node, known)]


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each name that an import makes, and what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    alias.asname or alias.name.split(".")[0],
                    alias.name if alias.asname else alias.name.split(".")[0],
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _faults(node: ast.AST, known: dict[str, str]) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
        yield from ((node.lineno, f"import {name}") for name in modules if name.split(".")[0] in _MODULES)
    elif isinstance(node, ast.ImportFrom) and not node.level and str(node.module).split(".")[0] in _MODULES:
        yield node.lineno, f"import {node.module}"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in _TEXTS:
        yield node.lineno, f"the text {node.value!r}"
    elif isinstance(node, ast.Name | ast.Attribute):
        name = _dotted(node, known).removeprefix("builtins.")
        if name in _NAMES or name in _CALLS:
            yield node.lineno, name
    elif isinstance(node, ast.Call):
        yield from _call_faults(node, known)


def _call_faults(node: ast.Call, known: dict[str, str]) -> Iterator[tuple[int, str]]:
    for keyword in node.keywords:
        if keyword.arg in _KEYWORDS:
            value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
            if value is not _KEYWORDS[keyword.arg]:
                yield node.lineno, f"{keyword.arg} is not {_KEYWORDS[keyword.arg]}"
    given = {keyword.arg for keyword in node.keywords}
    name = _dotted(node.func, known)
    if name == "torch.load" and "weights_only" not in given:
        yield node.lineno, "torch.load without weights_only"
    if name == "numpy.load" and "allow_pickle" not in given:
        yield node.lineno, "numpy.load without allow_pickle"


def _dotted(node: ast.expr, known: dict[str, str]) -> str:
    """Return the full name that an expression is, empty if it is more than a name."""
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, known)
        return f"{base}.{node.attr}" if base else ""
    return ""
