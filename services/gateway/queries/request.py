"""Reads a query's request: JSON or multipart, within limits."""

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.types import Message

from services.gateway.problems import Problem
from services.gateway.upload.body import Body

D = TypeVar("D", bound=BaseModel)

_FIELD_BYTES = 65_536
_MOST_FIELDS = 16
_MOST_FILES = 2
# Each may bring several errors, and pydantic keeps them all: 12 MB of wrong fields took 22 s and 5 GB.
_MOST_JSON_FIELDS = 5000


def body_limit(max_image_bytes: int) -> int:
    """Return the most bytes of a query's body: two images in base64, and the words."""
    return max_image_bytes * 4 // 3 * _MOST_FILES + _FIELD_BYTES * _MOST_FIELDS


def media_type(request: Request) -> str:
    """Return the media type of a request's body.

    Raises:
        Problem: it is neither JSON nor multipart.
    """
    name = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if name not in ("application/json", "multipart/form-data"):
        detail = f"Content-Type {name!r} is neither application/json nor multipart/form-data"
        raise Problem(415, "media_type_unsupported", detail)
    return name


def validated(model: type[D], data: object) -> D:
    """Return the document that `data` is.

    Raises:
        RequestValidationError: it does not fit.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise RequestValidationError(
            [item | {"loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
        ) from error


async def read_document(model: type[D], body: Body) -> D:
    """Return the JSON document of a body.

    Raises:
        Problem: it is not JSON, too large, or has too many fields.
        RequestValidationError: it does not fit.
    """
    data = await body.read()
    # Every field has a colon; those in texts are counted, too, as listings have few.
    if data.count(b":") > _MOST_JSON_FIELDS:
        raise Problem(422, "request_invalid", f"the body has more than {_MOST_JSON_FIELDS} fields")
    try:
        # Strict: `"threshold": false` would be 0, and everything a duplicate.
        return model.model_validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise Problem(400, "json_invalid", f"the body is not JSON: {first['msg']}") from error
        raise RequestValidationError(
            [item | {"loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
        ) from error


async def read_form(
    request: Request, body: Body, max_image_bytes: int
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the text fields of a multipart body and the bytes of its files.

    Raises:
        Problem: it is too large.
        HTTPException: it is not multipart.
    """

    async def receive() -> Message:
        data = await body.block()
        return {"type": "http.request", "body": data, "more_body": bool(data)}

    limited = Request(request.scope, receive)
    fields: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    try:
        async with limited.form(
            max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=_FIELD_BYTES
        ) as form:
            for name, value in form.multi_items():
                if not isinstance(value, UploadFile):
                    # A charset of the client's own can make text of it that is none.
                    (name + value).encode()
                    fields[name] = value
                    continue
                files[name] = await value.read(max_image_bytes + 1)
                if len(files[name]) > max_image_bytes:
                    detail = f"{name}: the image has more than {max_image_bytes} bytes"
                    raise Problem(413, "image_too_many_bytes", detail)
    except UnicodeError as error:
        raise Problem(422, "request_invalid", "the fields of the form are not text") from error
    return fields, files


def sides(fields: Mapping[str, Any], files: Mapping[str, bytes]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the document and images of a comparison from fields `a_title`, `a_image` and so on."""
    document: dict[str, Any] = {"a": {}, "b": {}}
    for name, value in fields.items():
        side, _, rest = name.partition("_")
        if side in ("a", "b") and rest:
            document[side][rest] = value
        else:
            document[name] = value
    images = {name.partition("_")[0]: data for name, data in files.items() if name in ("a_image", "b_image")}
    _refuse_others(set(files) - {"a_image", "b_image"})
    return document, images


def searched(
    fields: Mapping[str, Any], files: Mapping[str, bytes]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the document and image of a search from fields `title`, `image`, `catalog` and so on."""
    _refuse_others(set(files) - {"image"})
    return dict(fields), {"query": files["image"]} if "image" in files else {}


def _refuse_others(names: set[str]) -> None:
    if names:
        raise Problem(422, "request_invalid", f"unexpected file {sorted(names)[0]!r}")
