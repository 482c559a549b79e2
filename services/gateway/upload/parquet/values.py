"""From a value of a Parquet column to one that JSON has.

Each function takes a scalar that is not null, and raises ValueError or OverflowError, in words for a person,
if the value has no such form.
"""

import base64
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pyarrow as pa

Convert = Callable[[pa.Scalar], object]

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _plain(scalar: pa.Scalar) -> object:
    return scalar.as_py()


def _text(scalar: pa.Scalar, max_bytes: int) -> str:
    """Return text, also of a column whose writer did not say that it is text."""
    data = scalar.as_buffer()
    if data.size > max_bytes:
        raise ValueError(f"it has more than {max_bytes} bytes")
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 ({error.reason})") from error


def _float(scalar: pa.Scalar) -> float | None:
    value: float = scalar.as_py()
    if math.isinf(value):
        raise ValueError("it is not a finite number")
    # What data frames write where nothing is.
    return None if math.isnan(value) else value


def _single(scalar: pa.Scalar) -> float | None:
    """Return the shortest number that is the same in single precision: 19.99, not 19.989999771118164."""
    value = _float(scalar)
    if value is None:
        return None
    short = (float(f"{value:.{digits}g}") for digits in range(6, 9))
    return next((number for number in short if pa.scalar(number, scalar.type) == scalar), value)


def _decimal(scalar: pa.Scalar) -> str:
    return format(scalar.as_py(), "f")


def _since(scalar: pa.Scalar) -> timedelta:
    # Not `as_py`, which refuses nanoseconds.
    return timedelta(microseconds=scalar.value * 10**6 // _PER_SECOND[scalar.type.unit])


def _moment(scalar: pa.Scalar) -> str:
    moment = _EPOCH + _since(scalar)
    # Parquet knows only whether a moment is UTC or that of some wall clock.
    return (moment if scalar.type.tz else moment.replace(tzinfo=None)).isoformat()


def _date(scalar: pa.Scalar) -> str:
    return str(scalar.as_py().isoformat())


def _time(scalar: pa.Scalar) -> str:
    return (_EPOCH + _since(scalar)).time().isoformat()


def _uuid(scalar: pa.Scalar) -> str:
    return str(UUID(bytes=scalar.as_py()))


def _image_bytes(scalar: pa.Scalar, max_bytes: int) -> str:
    # One byte too many tells as well as all of them that there are too many.
    data = scalar.as_buffer()
    return f"data:;base64,{base64.b64encode(data[: max_bytes + 1]).decode()}"


def _image_struct(scalar: pa.Scalar, max_row_bytes: int, max_image_bytes: int) -> str | None:
    """Return the image of a struct of `bytes` and `path`, as Hugging Face's datasets have them."""
    parts = {name: value for name, value in scalar.items() if value.is_valid}
    if "bytes" in parts:
        return _image_bytes(parts["bytes"], max_image_bytes)
    return _text(parts["path"], max_row_bytes) if "path" in parts else None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


# Of a date or a decimal its text is kept: JSON has neither.
_KINDS: tuple[tuple[Callable[[pa.DataType], bool], Convert], ...] = (
    (pa.types.is_boolean, _plain),
    (pa.types.is_integer, _plain),
    (pa.types.is_float32, _single),
    (pa.types.is_floating, _float),
    (pa.types.is_decimal, _decimal),
    (pa.types.is_timestamp, _moment),
    (pa.types.is_date, _date),
    (pa.types.is_time, _time),
)


def attribute(kind: pa.DataType, *, is_uuid: bool, max_bytes: int) -> Convert | None:
    """Return how values of a column become an attribute; None for a type that does not."""
    if _is_text(kind):
        return partial(_text, max_bytes=max_bytes)
    if is_uuid:
        return _uuid
    return next((convert for fits, convert in _KINDS if fits(kind)), None)


def text(kind: pa.DataType, *, is_uuid: bool, max_bytes: int) -> Convert | None:
    """Return how values of a column become an id or a title; None for a type that does not."""
    if _is_bytes(kind):
        return partial(_text, max_bytes=max_bytes)
    return attribute(kind, is_uuid=is_uuid, max_bytes=max_bytes)


def image(kind: pa.DataType, max_row_bytes: int, max_image_bytes: int) -> Convert | None:
    """Return how values of a column become an image as a row names it; None for a type that does not."""
    if _is_text(kind):
        return partial(_text, max_bytes=max_row_bytes)
    if _is_bytes(kind):
        return partial(_image_bytes, max_bytes=max_image_bytes)
    if not pa.types.is_struct(kind):
        return None
    kinds = {field.name: field.type for field in kind}
    # Where all are null the writer knew no type.
    has_bytes = "bytes" in kinds and (_is_bytes(kinds["bytes"]) or pa.types.is_null(kinds["bytes"]))
    path = kinds.get("path", pa.null())
    if not has_bytes or not (_is_text(path) or pa.types.is_null(path)):
        return None
    return partial(_image_struct, max_row_bytes=max_row_bytes, max_image_bytes=max_image_bytes)
