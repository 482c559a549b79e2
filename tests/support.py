"""Driving a running stack over HTTP, as a client would."""

import io
import json
import os
import random
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from local.stack import Stack
from samples import write_catalog
from tests.conftest import wait_until

ENDED = {"succeeded", "failed", "cancelled"}
Json = dict[str, Any]


def jpeg(seed: int, size: int = 64) -> bytes:
    """Return a small picture that no other seed has."""
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 4, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((size, size)).save(out, "JPEG", quality=90)
    return out.getvalue()


def files_in(folder: Path) -> list[Path]:
    """Return the files under a folder in which others write; unlike rglob it outlives folders that go."""
    return [Path(path, name) for path, _, names in os.walk(folder) for name in names]


def ndjson(listings: list[Json]) -> bytes:
    return b"".join(json.dumps(listing).encode() + b"\n" for listing in listings)


def sample(directory: Path, listings: int, seed: int = 7) -> tuple[list[Json], Json]:
    """Return a sample catalog as listings with their pictures inline, and its truth."""
    import base64

    write_catalog(directory, listings=listings, seed=seed)
    rows = [json.loads(line) for line in (directory / "listings.ndjson").read_text().splitlines()]
    for row in rows:
        if row.get("image"):
            data = base64.b64encode((directory / row["image"]).read_bytes()).decode()
            row["image"] = f"data:image/jpeg;base64,{data}"
    return rows, json.loads((directory / "truth.json").read_text())


class Shop:
    """A client of one stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = httpx.Client(base_url=stack.url, timeout=60, trust_env=False)

    def submit(
        self, catalog: str, body: bytes, content_type: str = "application/x-ndjson", **query: str | int
    ) -> Json:
        answer = self.http.post(
            f"/api/catalogs/{catalog}/submissions",
            content=body,
            params=query,
            headers={"Content-Type": content_type},
        )
        assert answer.status_code == 202, answer.text
        assert answer.headers["Location"] == f"/api/jobs/{answer.json()['id']}"
        return dict(answer.json())

    def job(self, job_id: str) -> Json:
        return dict(self.http.get(f"/api/jobs/{job_id}").raise_for_status().json())

    def wait(self, job_id: str, timeout_s: float = 90, status: str = "succeeded") -> Json:
        job: Json = {}

        def ended() -> bool:
            self.stack.check()
            job.update(self.job(job_id))
            return job["status"] in ENDED

        wait_until(ended, timeout_s, every_s=0.05, what=lambda: f"an end of {job}")
        assert job["status"] == status, job
        return job

    def rows(self, job_id: str, kind: str, **query: str | int | float) -> list[Json]:
        """Return all results of a kind, page by page."""
        found: list[Json] = []
        url: str | None = f"/api/jobs/{job_id}/{kind}"
        params: dict[str, Any] | None = query
        while url:
            page = self.http.get(url, params=params).raise_for_status().json()
            found += page["items"]
            url, params = page["next"], None
        return found

    def outcome(self, job_id: str) -> Json:
        """Return everything a finished job says about its listings; equal outcomes compare equal."""
        return {
            "counts": {
                k: v
                for k, v in self.job(job_id)["counts"].items()
                if k in ("listings", "rejected", "pairs", "groups")
            },
            "pairs": sorted(self.rows(job_id, "pairs"), key=lambda p: (p["a"], p["b"])),
            "groups": sorted(self.rows(job_id, "groups"), key=lambda g: g["id"]),
            "rejections": sorted(
                ({k: v for k, v in r.items() if k != "row"} for r in self.rows(job_id, "rejections")),
                key=lambda r: (r["listing_id"] or "", r["code"]),
            ),
        }

    def close(self) -> None:
        self.http.close()


def shuffled(listings: list[Json], seed: int) -> list[Json]:
    copy = list(listings)
    random.Random(seed).shuffle(copy)
    return copy
