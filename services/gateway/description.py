"""The description of the API as a whole (OpenAPI)."""

from typing import Any

from fastapi import FastAPI

from services.gateway.problems import ProblemDocument
from services.gateway.queries.documents import DedupDocument, SearchDocument
from services.gateway.readiness import NotReadyDocument

DESCRIPTION = """Finds duplicate product listings.

Everything that takes time is a job: `202`, `Location`, and the job as the body. `Prefer: wait=10` waits
for its end. Errors are problems (RFC 9457) with a stable `code`. A POST with an `Idempotency-Key` can be
repeated.
"""
# Documents of bodies that operations read themselves, and of errors.
_DOCUMENTS = (ProblemDocument, NotReadyDocument, DedupDocument, SearchDocument)


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    for model in _DOCUMENTS:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    return schemas


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter that may be left out: nothing in an address or a header is null."""
    kept: list[dict[str, Any]] = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(kept) != 1:
        return schema
    return {name: value for name, value in schema.items() if name != "anyOf"} | kept[0]


def describe(app: FastAPI) -> None:
    """Add what FastAPI does not see to the app's description."""
    derive = app.openapi

    def openapi() -> dict[str, Any]:
        document = derive()
        document.setdefault("components", {}).setdefault("schemas", {}).update(_schemas())
        for path in document["paths"].values():
            for operation in path.values():
                # Replaced by our own form of it in every operation.
                if operation["responses"].get("422", {}).get("description") == "Validation Error":
                    del operation["responses"]["422"]
                for parameter in operation.get("parameters", ()):
                    parameter["schema"] = _without_null(parameter["schema"])
        return document

    # FastAPI documents this way of extending it.
    app.openapi = openapi  # type: ignore[method-assign]
