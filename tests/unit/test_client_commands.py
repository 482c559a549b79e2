"""The command line: what it prints, where, and with which exit status."""

import json
from pathlib import Path

import pytest

from client.cli import main
from shared.key_file import read_keys
from shared.keys import recognise
from tests.played_service import Answer, Service

JOB = {
    "id": "J1", "kind": "submission", "status": "running", "stage": "encode", "catalog": "shop", "rate": 12.5,
    "eta_seconds": 75, "counts": {"rows": 400, "encoded_rows": 100},
    "stages": {"encode": {"done": 1, "total": 4}},
}  # fmt: skip
DONE = JOB | {"status": "succeeded", "stage": None, "counts": {"listings": 399, "rejected": 1, "groups": 7}}


def run(*arguments: str) -> int:
    """Return the exit status of `doppel <arguments>`."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_submit_and_wait_reports_progress_apart_from_the_id(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "listings.csv"
    table.write_text("id,title\n1,Cup\n", encoding="utf-8")
    service.answers = [Answer(JOB, 202), Answer(JOB, headers={"Retry-After": "0"}), Answer(DONE)]
    assert run("submit", str(table), "--catalog", "shop", "--wait", "--against", "submission") == 0
    said = capsys.readouterr()
    assert said.out == "J1\n"
    assert "encode  100/400 listings  12.5 listings/s  about 1 min 15 s left" in said.err
    assert "succeeded: 399 listings, 1 rejected, 7 groups" in said.err


def test_rematch_asks_for_it_and_reports_its_end(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    running = JOB | {"kind": "rematch", "stage": "ingest", "counts": {}, "stages": {"ingest": {"done": 0}}}
    ended = DONE | {"kind": "rematch", "counts": {"listings": 399, "groups": 7}}
    service.answers = [Answer(running, 202), Answer(running, headers={"Retry-After": "0"}), Answer(ended)]
    assert run("rematch", "shop", "--k", "20", "--k-image", "0", "--wait") == 0
    asked = service.asked[0]
    assert (asked.method, asked.path) == ("POST", "/api/catalogs/shop/rematches?k=20&k_image=0")
    assert asked.headers["Idempotency-Key"]
    said = capsys.readouterr()
    assert said.out == "J1\n"
    assert "ingest  0 listings" in said.err
    assert "succeeded: 399 listings, 7 groups" in said.err


def test_results_are_ndjson_where_nobody_watches(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = {"a": "x", "b": "y", "verdict": "duplicate", "probability": 0.99, "conflicts": []}
    service.answers = [Answer({"items": [pair, pair], "next": None})]
    assert run("pairs", "J1", "--verdict", "duplicate", "--limit", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["a"] for line in lines] == ["x", "x"]


def test_a_table_shows_titles_as_they_are(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    match = {"listing_id": "x", "verdict": "variant", "probability": 0.3, "title": "[red]Cup[/red] [L]"}
    answer = {"id": "Q1", "kind": "search", "status": "succeeded", "result": {"matches": [match]}}
    service.answers = [Answer(answer)]
    assert run("search", "--catalog", "shop", "--title", "cup", "--format", "table") == 0
    assert "[red]Cup[/red] [L]" in capsys.readouterr().out


def test_a_comparison_names_what_weighed_most(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    result = {
        "verdict": "variant", "probability": 0.2, "threshold": 0.6, "calibrated": True, "text_sim": 0.9,
        "conflicts": [{"kind": "size", "a": "M", "b": "L"}],
        "evidence": {"size_conflict": {"value": 1.0, "weight": -2.0, "contribution": -3.25}},
    }  # fmt: skip
    service.answers = [Answer({"id": "Q1", "kind": "dedup", "status": "succeeded", "result": result})]
    assert run("dedup", "--a-title", "Shirt M", "--b-title", "Shirt L") == 0
    said = capsys.readouterr().out
    for part in ("variant", "threshold 0.600", "size: M / L", "size_conflict", "-3.25"):
        assert part in said


def test_status_shows_every_stage(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service.answers = [Answer(JOB)]
    assert run("status", "J1") == 0
    assert "encode     100/400 listings" in capsys.readouterr().out


def test_a_refusal_is_one_line(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service.answers = [Answer({"code": "job_unknown", "detail": "no job J9 [sic]"}, 404)]
    assert run("status", "J9") == 1
    assert capsys.readouterr().err == "error: no job J9 [sic] (job_unknown)\n"


@pytest.mark.parametrize(
    ("http", "here"),
    [
        (
            "an API key is needed: `Authorization: Bearer dpl_…`",
            "an API key is needed: --key, or DOPPEL_API_KEY",
        ),
        ("Name it with ?id_column=…", "Name it with --id-column"),
        ("Name it with ?title_column=…", "Name it with --title-column"),
    ],
)
def test_a_refusal_names_options(
    service: Service, capsys: pytest.CaptureFixture[str], http: str, here: str
) -> None:
    service.answers = [Answer({"code": "refused", "detail": http}, 422)]
    assert run("status", "J9") == 1
    assert capsys.readouterr().err == f"error: {here} (refused)\n"


def test_what_is_wrong_is_said_once(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    errors = [{"location": f"query.{name}", "detail": "no", "code": "x"} for name in ("a", "b")]
    service.answers = [Answer({"code": "request_invalid", "detail": "query.a: no", "errors": errors}, 422)]
    assert run("jobs", "--status", "nope") == 1
    assert capsys.readouterr().err == "error: query.a: no; query.b: no (request_invalid)\n"


def test_an_address_may_leave_out_http(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service.answers = [Answer(DONE)]
    assert run("status", "J1", "--url", service.url.removeprefix("http://")) == 0
    assert "succeeded" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("submit", "catalog.xlsx", "--catalog", "shop"), 1, "not one of .ndjson"),
        (("submit", "none.csv", "--catalog", "shop"), 1, "none.csv: no such file"),
        (("dedup", "--a-image", "none.jpg"), 1, "neither a file nor"),
        (("jobs", "--url", "http://127.0.0.1:1"), 3, "no answer from http://127.0.0.1:1"),
        (("pairs",), 2, "Missing argument"),
    ],
)
def test_what_went_wrong_decides_the_exit_status(
    arguments: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == status
    assert said in capsys.readouterr().err


def test_sample_writes_a_catalog(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sample", str(tmp_path), "--listings", "4", "--seed", "1") == 0
    assert len((tmp_path / "listings.ndjson").read_text(encoding="utf-8").splitlines()) == 4
    assert "4 listings" in capsys.readouterr().out


def test_keys_are_made_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "keys.json"
    options = ["--role", "submit", "--catalogs", "shop, other", "--rate", "60"]
    assert run("keys", "create", "--name", "Import", *options, "--file", str(file)) == 0
    said = capsys.readouterr()
    text = said.out.strip()
    (key,) = read_keys(file)
    assert recognise({key.id: key}, text) == key
    assert (key.role, key.catalogs, key.rate, key.max_active_jobs) == ("submit", ("shop", "other"), 60, None)
    assert text not in said.err

    assert run("keys", "list", "--file", str(file)) == 0
    listed = capsys.readouterr().out
    assert all(part in listed for part in (key.id, "Import", "submit", "shop, other", "60"))
    assert text.split("_", 2)[2] not in listed
    assert key.sha256 not in listed

    assert run("keys", "revoke", key.id, "--file", str(file)) == 0
    assert read_keys(file) == ()
    capsys.readouterr()
    assert run("keys", "revoke", key.id, "--file", str(file)) == 1
    assert "key_unknown" in capsys.readouterr().err


def test_the_folder_of_the_keys_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create = ["keys", "create", "--name", "x", "--role", "read", "--file"]
    file = tmp_path / "keys" / "keys.json"
    assert run(*create, str(file)) == 0
    assert len(read_keys(file)) == 1
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert run(*create, str(file / "keys.json")) == 1
    assert capsys.readouterr().err.endswith("keys.json/keys.json: File exists (keys_unreadable)\n")


def test_a_key_for_what_is_no_catalog_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "keys.json"
    create = ["keys", "create", "--name", "x", "--file", str(file)]
    assert run(*create, "--role", "read", "--catalogs", "My Shop") == 1
    assert "key_invalid" in capsys.readouterr().err
    assert run(*create, "--role", "owner") == 2
    assert not file.exists()


def test_commands_send_the_key_that_they_are_given(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answers = [Answer(JOB), Answer(JOB), Answer(JOB), Answer({"code": "key_unknown"}, 401)]
    assert run("status", "J1") == 0
    monkeypatch.setenv("DOPPEL_API_KEY", " dpl_1_env\n")
    assert run("status", "J1") == 0
    assert run("status", "J1", "--key", "dpl_1_option") == 0
    assert run("status", "J1") == 1
    sent = [asked.headers.get("Authorization") for asked in service.asked]
    assert sent == [None, "Bearer dpl_1_env", "Bearer dpl_1_option", "Bearer dpl_1_env"]
    said = capsys.readouterr()
    assert "key_unknown" in said.err
    assert "dpl_1" not in said.err + said.out
