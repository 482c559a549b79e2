"""Progress as bars and as lines; listings as they travel."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from client.listings import data_uri, ndjson, ndjson_file
from client.models import Job
from client.progress import Bars, Lines, progress_view
from client.stages import duration, line, stages


def job(stage: str | None, status: str = "running", **counts: int) -> Job:
    units = {"encode": {"done": 0, "total": 4}, "match": {"done": 1, "total": 3}}
    return Job("J1", "submission", status, stage, counts={"rows": 100, **counts}, stages=units, rate=10.0)


def test_totals_are_unknown_while_the_upload_goes_on() -> None:
    assert {s.name: s.text for s in stages(job("receiving"))}["encode"] == "0"
    assert {s.name: s.text for s in stages(job("encode", encoded_rows=50))} == {
        "receiving": "100/100", "encode": "50/100", "match": "1/3",
    }  # fmt: skip


@pytest.mark.parametrize(("seconds", "text"), [(8.2, "8 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_line_says_what_is_known() -> None:
    assert line(job("match")) == "match  1/3 slices  10.0 listings/s"
    assert line(job(None, "succeeded")) == "succeeded"


def test_lines_come_with_a_new_stage_or_after_a_while() -> None:
    out, now = io.StringIO(), [0.0]
    view = Lines(Console(file=out, width=100), clock=lambda: now[0])
    for time, stage, done in (
        (0, "encode", 1),
        (1, "encode", 2),
        (2, "encode", 3),
        (2.1, "match", 3),
        (9, "match", 3),
    ):
        now[0] = float(time)
        view(job(stage, encoded_rows=done))
    view(job(None, "succeeded"))
    assert [said.split("  ")[:2] for said in out.getvalue().splitlines()] == [
        ["encode", "1/100 listings"], ["encode", "3/100 listings"], ["match", "1/3 slices"], ["succeeded"],
    ]  # fmt: skip


def test_bars_show_every_stage() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120)
    view = progress_view(console)
    assert isinstance(view, Bars)
    with view:
        view(job("encode", encoded_rows=50))
    for part in ("encode", "50/100 listings", "10.0 listings/s", "match"):
        assert part in out.getvalue()


def test_blocks_of_ndjson_join_to_all_listings() -> None:
    listings = [{"id": str(n), "title": "ü" * 5000} for n in range(100)]
    blocks = list(ndjson(iter(listings)))
    assert len(blocks) > 1
    assert [json.loads(row) for row in b"".join(blocks).splitlines()] == listings


@pytest.mark.parametrize(
    ("data", "kind"), [(b"\x89PNG", "png"), (b"RIFFxxxxWEBP", "webp"), (b"\xff\xd8", "jpeg")]
)
def test_data_uris_name_their_format(data: bytes, kind: str) -> None:
    assert data_uri(data).startswith(f"data:image/{kind};base64,")


def test_a_table_takes_its_photos_along_but_no_other_file(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "cup.png").write_bytes(b"\x89PNG")
    (tmp_path / "secret.png").write_bytes(b"\x89PNG")
    images = [
        "cup.png",
        "../secret.png",
        str(tmp_path / "secret.png"),
        "none.png",
        "https://x.example/cup.png",
        None,
        3,
    ]
    table = shop / "t.ndjson"
    lines = [json.dumps({"id": str(n), "image": image}).encode() + b"\n" for n, image in enumerate(images)]
    table.write_bytes(b"".join([*lines, b"not json\n", b"[1]\n"]))
    sent = list(ndjson_file(table))
    assert json.loads(sent[0])["image"] == "data:image/png;base64,iVBORw=="
    assert sent[1:] == [*lines[1:], b"not json\n", b"[1]\n"]
