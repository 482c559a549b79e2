"""A gateway that has API keys, and clients of it."""

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from services.gateway.main import create_app
from shared.ids import new_id
from shared.key_file import add_key
from shared.keys import Role, make_key
from shared.ledger import Ledger
from shared.messages import JobOptions
from shared.settings import CommonSettings, GatewaySettings

ROW = b'{"id":"1","title":"Cup"}\n'
TITLES = {"a": {"title": "A"}, "b": {"title": "B"}}
NDJSON = {"Content-Type": "application/x-ndjson"}
ORIGIN = "https://shop.example"


class Gate:
    """A gateway with keys, and clients of it."""

    def __init__(self, settings: CommonSettings, file: Path) -> None:
        file.write_text('{"keys": []}')
        self.file = file
        self.app = create_app(settings, GatewaySettings(keys_file=file, cors_origins=(ORIGIN,)))
        self.http = TestClient(self.app, raise_server_exceptions=False)

    def key(self, role: Role, *catalogs: str, **limits: int) -> tuple[str, dict[str, str]]:
        """Return the id of a new key, and the headers that carry it."""
        key, text = make_key("somebody", role, catalogs or ("*",), **limits)
        add_key(self.file, key)
        return key.id, {"Authorization": f"Bearer {text}"}

    def ask(self, method: str, path: str, key: dict[str, str], **request: Any) -> Response:
        headers = request.pop("headers", {}) | key
        return self.http.request(method, path, headers=headers, **request)


def job_in(ledger: Ledger, catalog: str) -> str:
    job_id = new_id()
    ledger.create(job_id, JobOptions(catalog=catalog), 256)
    ledger.add_chunk(job_id, 0, 10)
    ledger.seal(job_id)
    return job_id


def code(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
