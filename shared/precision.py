"""How exactly a model runs, as the last part of its name: vectors of two precisions are never compared."""

from typing import Final, Literal, TypeAlias

Precision: TypeAlias = Literal["full", "bfloat16"]

_MARK: Final = "@bfloat16"


def with_precision(name: str, precision: Precision) -> str:
    """Return the name of the model `name` at that precision; `full` needs no word."""
    return name + _MARK if precision == "bfloat16" else name


def without_precision(name: str) -> str:
    """Return the name of the same model, and head, in full precision."""
    return name.replace(_MARK, "")
