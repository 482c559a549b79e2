"""Parts of the API's description that FastAPI cannot derive: bodies that we read ourselves."""

from typing import Any

from services.gateway.upload.formats import CSV, JSON, NDJSON, PARQUET, ZIP

IDEMPOTENCY: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "The same key with the same request is the same job, for 24 hours.",
        }
    ]
}


def _form_field(name: str) -> dict[str, Any]:
    if name == "threshold":
        return {"type": "number", "minimum": 0, "maximum": 1}
    if name.partition("_")[0] == "k":
        return {"type": "integer", "minimum": int(name == "k"), "maximum": 100}
    return {"type": "string", **({"format": "binary"} if name.endswith("image") else {})}


def query_body(
    model: str, example: dict[str, Any], *fields: str, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the description of a query's body: a document, or a form with some of the fields."""
    form = {
        "type": "object",
        "properties": {name: _form_field(name) for name in fields},
        "required": list(required),
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"$ref": f"#/components/schemas/{model}"}, "example": example},
                "multipart/form-data": {"schema": form},
            },
        }
    }


_LISTING: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "maxLength": 200},
        "title": {"type": "string", "maxLength": 2000},
        "image": {
            "type": "string",
            "description": "an http(s) address, a data: URI, or in a ZIP the name of an entry",
        },
        "image_url": {"type": "string", "description": "the same as `image`"},
        "attributes": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
    },
    "additionalProperties": True,
    "description": "Further fields that hold a text, a number or true/false become attributes.",
}
_ARRAY: dict[str, Any] = {"type": "array", "items": _LISTING}

SUBMISSION_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"oneOf": [_ARRAY, {"type": "object", "properties": {"listings": _ARRAY}}]},
                "example": [{"id": "a-1", "title": "Shampoo 400 ml", "image": "https://shop.example/1.jpg"}],
            },
            NDJSON: {
                "schema": {"type": "string", "description": "one listing per line"},
                "example": '{"id": "a-1", "title": "Shampoo 400 ml", "brand": "Nara"}\n',
            },
            CSV: {
                "schema": {"type": "string", "description": "UTF-8 with a header row"},
                "example": "id,title,image\na-1,Shampoo 400 ml,https://shop.example/1.jpg\n",
            },
            PARQUET: {
                "schema": {
                    "type": "string",
                    "format": "binary",
                    "description": "`image` may hold bytes, too, or a struct of bytes and path",
                },
            },
            ZIP: {
                "schema": {"type": "string", "format": "binary"},
            },
        },
    }
}
