"""What others wrote, printed on a terminal."""

import pytest

from client.cli import main
from tests.played_service import Answer, Service


def run(*arguments: str) -> int:
    """Return the exit status of `doppel <arguments>`."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_what_listings_say_is_shown_and_not_obeyed_by_the_terminal(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "Cup\x1b]0;owned\x07 \x1b[2J\x9b2J\u202egnp\u2028\r\n500 ml"
    match = {"listing_id": hostile, "verdict": "variant", "probability": 0.3, "title": hostile}
    conflicts = [{"kind": "size", "a": hostile, "b": "L"}]
    compared = {"verdict": "variant", "probability": 0.2, "threshold": 0.6, "calibrated": True}
    failed = {"id": "J1", "kind": "submission", "status": "failed", "error": {"code": "x", "detail": hostile}}
    service.answers = [
        Answer({"id": "Q1", "kind": "search", "status": "succeeded", "result": {"matches": [match]}}),
        Answer(
            {
                "id": "Q2",
                "kind": "dedup",
                "status": "succeeded",
                "result": compared | {"conflicts": conflicts},
            }
        ),
        Answer(failed),
        Answer({"code": "job_unknown", "detail": hostile}, 404),
    ]
    assert run("search", "--catalog", "shop", "--title", "cup", "--format", "table") == 0
    assert run("dedup", "--a-title", "a", "--b-title", "b") == 0
    assert run("status", "J1") == 0
    assert run("status", "J9") == 1
    printed = capsys.readouterr()
    assert printed.out.count("500 ml") == 4
    assert printed.err.count("500 ml") == 1
    assert not set("\x1b\x07\x9b\u202e\u2028\r") & set(printed.out + printed.err)
