"""Calls of all operations, generated from the service's own description, checked against it."""

import base64
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema

from services.gateway.security import SECURITY_HEADERS
from tests.fuzz import bodies
from tests.fuzz.tally import Tally

CATALOGS = ["fuzz-a", "fuzz-b"]
_KNOWN_TITLES = ["Mug red 350 ml", "Mug red 500 ml"]
_KNOWN_IMAGES = [f"data:image/jpeg;base64,{base64.b64encode(bodies.PICTURES[0]).decode()}"]
# What no schema says: values that get a call past validation, and let calls meet each other's jobs.
_LIKELY: dict[str, tuple[list[str], float]] = {
    "path.catalog": (CATALOGS, 0.8),
    "query.catalog": (CATALOGS, 0.5),
    "query.against": (["catalog", "submission", "catalog:fuzz-a"], 0.6),
    "query.cursor": (["MC4w", "MC4x", "MS4w"], 0.6),
    "query.id_column": (["id"], 0.8),
    "query.title_column": (["title"], 0.8),
    "query.image_column": (["image"], 0.8),
    "header.prefer": (["wait=1", "wait=10, respond-async", "wait=0"], 0.7),
    "header.accept": (["application/json", "application/x-ndjson", "text/csv", "text/*;q=0.5", "*/*"], 0.8),
    "body.title": (_KNOWN_TITLES, 0.6),
    "body.image": (_KNOWN_IMAGES, 0.7),
    "body.image_url": (_KNOWN_IMAGES, 0.7),
    "body.catalog": (CATALOGS, 0.8),
    "body.a.title": (_KNOWN_TITLES, 0.8),
    "body.b.title": (_KNOWN_TITLES, 0.8),
    "body.a_title": (_KNOWN_TITLES, 0.8),
    "body.b_title": (_KNOWN_TITLES, 0.8),
}
# The first case that the coverage of an operation builds all others from has to be one that is accepted.
_EXAMPLES = {
    "prefer": "wait=1", "accept": "*/*", "if-none-match": '"1"', "cursor": "MC4w", "catalog": "fuzz-a",
    "threshold": 0.5, "k_image": 10, "k_text": 10, "k_lexical": 10,
}  # fmt: skip
_SUBMISSIONS = "/api/catalogs/{catalog}/submissions"
_ACCEPTANCE, _REJECTION = "positive_data_acceptance", "negative_data_rejection"
_OFF = {
    # Refused for reasons that no schema can tell: a listing with no title and no image, no channel left.
    **dict.fromkeys(("/api/dedup", "/api/search", "/api/catalogs/{catalog}/rematches"), (_ACCEPTANCE,)),
    # Any bytes may be a table, and a bad row is a rejection of the job.
    _SUBMISSIONS: (_ACCEPTANCE, _REJECTION),
}
# Few of the forms that are generated are whole.
_FORMS = {
    "/api/dedup": {"a_title": _KNOWN_TITLES[0], "b_title": _KNOWN_TITLES[1], "catalog": CATALOGS[0]},
    "/api/search": {"title": _KNOWN_TITLES[0], "catalog": CATALOGS[0]},
}
# In every catalog before anything is generated, so that there is something to find.
_KNOWN = [{"id": f"k-{n}", "title": "Mug red 350 ml" if n % 2 else f"Steel bottle {n} l"} for n in range(6)]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked: cases per operation, runs from job to job, and whether every bound is tried."""

    cases: int
    walks: int
    coverage: bool


@schemathesis.check
def answer_is_ours(_ctx: Any, response: Any, _case: Any) -> None:
    """Whatever was sent, the answer carries what every answer does, and an error has its code."""
    missing = {"x-request-id", *map(str.lower, SECURITY_HEADERS)} - set(response.headers)
    assert not missing, f"the answer lacks {sorted(missing)}"
    if response.status_code >= 400:
        assert response.json()["status"] == response.status_code
        assert response.json()["code"]


_USED = count(1)
_REPEATED = 8


@schemathesis.hook
def before_call(_ctx: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Let most idempotency keys be new: the generator has so few that all else would be a repetition."""
    key = (case.headers or {}).get("Idempotency-Key")
    used = next(_USED)
    if isinstance(key, str) and 0 < len(key) < 200 and used % _REPEATED:
        case.headers["Idempotency-Key"] = f"{key}-{used}"


def _credentials(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _config(seed: int, size: Size, key: str | None) -> dict[str, Any]:
    phases = {"examples": True, "coverage": size.coverage, "fuzzing": True, "stateful": True}
    return {
        "seed": seed,
        "continue-on-failure": True,
        "request-timeout": 60,
        "cache": {"enabled": False},
        "suppress-health-check": ["all"],
        "generation": {
            "max-examples": size.cases, "no-shrink": True, "database": "none",
            "with-security-parameters": key is not None,
        },
        "headers": _credentials(key),
        "dictionaries": {name.replace(".", "-"): {"values": values} for name, (values, _) in _LIKELY.items()},
        "parameters": {
            name: {"dictionary": name.replace(".", "-"), "probability": often}
            for name, (_, often) in _LIKELY.items()
        },
        "phases": {
            **{name: {"enabled": wanted} for name, wanted in phases.items()},
            "stateful": {"max-steps": 12, "generation": {"max-examples": size.walks}},
        },
        "checks": {
            # A job that was cancelled is still there to be looked at.
            "use_after_free": {"enabled": False},
            # A gateway without keys takes everybody.
            "ignored_auth": {"enabled": key is not None},
            # The only required header is the key, which it sends along even so; `ignored_auth` does not.
            "missing_required_header": {"enabled": False},
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "3xx", "400", "401", "403", "404", "406", "409", "429"],
            },
        },
        "operations": [
            {
                "include-path": path,
                "checks": {name: {"enabled": False} for name in names},
            }
            for path, names in _OFF.items()
        ],
    }  # fmt: skip


def _with_examples(description: dict[str, Any]) -> dict[str, Any]:
    for path, operations in description["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in _EXAMPLES:
                    parameter["example"] = _EXAMPLES[parameter["name"]]
            for form, content in operation.get("requestBody", {}).get("content", {}).items():
                # Those are generated as bytes, and so must the example be.
                if form in bodies.FORMS:
                    content["example"] = bodies.EXAMPLES[form]
                elif form == "multipart/form-data":
                    content["example"] = _FORMS[path]
    return description


def _of_tables(description: dict[str, Any]) -> dict[str, Any]:
    """Return the description of submissions in the forms that no schema tells: elsewhere they are few."""
    (submit,) = description["paths"][_SUBMISSIONS].values()
    forms = {
        form: content for form, content in submit["requestBody"]["content"].items() if form in bodies.FORMS
    }
    submit = submit | {"requestBody": {"required": True, "content": forms}}
    return description | {"paths": {_SUBMISSIONS: {"post": submit}}}


def fill(url: str, key: str | None = None) -> None:
    """Put into the catalogs what there is to find."""
    headers = {"Prefer": "wait=1", **_credentials(key)}
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        for catalog in CATALOGS:
            address = _SUBMISSIONS.format(catalog=catalog)
            http.post(address, json=_KNOWN, headers=headers).raise_for_status()


def run(url: str, caller: str, seed: int, size: Size, key: str | None = None) -> Tally:
    """Call the API at `url`, with the caller's API key if there is one, and return what came of it."""
    bodies.register()
    answer = httpx.get(f"{url}/openapi.json", trust_env=False, timeout=60).raise_for_status()
    description = _with_examples(answer.json())
    tally = Tally(caller, seed)
    config = {"base-url": url, **_config(seed, size, key)}
    only_tables = {
        "phases": {
            "examples": {"enabled": False},
            "coverage": {"enabled": False},
            "stateful": {"enabled": False},
        },
        "generation": config["generation"] | {"mode": "positive", "max-examples": 3 * size.cases},
    }
    for described, changes in ((_of_tables(description), only_tables), (description, {})):
        parsed = SchemathesisConfig.from_dict(config | changes)
        schema = schemathesis.openapi.from_dict(described, config=parsed)
        for event in from_schema(schema).execute():
            tally.add(event)
    return tally
