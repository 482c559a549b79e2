"""Hundreds of malformed tables and ZIPs, received in one process of their own by the gateway's code."""

from typing import Any

import pytest

from services.gateway.problems import Problem
from services.gateway.upload.json_depth import MAX_DEPTH, Depth
from tests.malformed.limited import outcomes

Lines = dict[str, dict[str, Any]]
CODES = {
    "csv_invalid", "csv_no_id_column", "csv_no_title_column", "csv_not_utf8", "json_invalid", "row_too_large",
    "submission_empty",
    "zip_bomb", "zip_invalid", "zip_many_tables", "zip_no_table", "zip_too_many_entries", "zip_unsafe_entry",
}  # fmt: skip
REJECTIONS = {
    "row_invalid", "listing_id_missing", "listing_duplicate_id", "listing_empty", "title_too_long",
    "image_url_invalid", "image_missing", "image_broken", "attributes_too_many", "attributes_too_long",
}  # fmt: skip
PROBLEMS = {
    "csv: in Latin 1": "csv_not_utf8",
    "csv: in utf-16": "csv_not_utf8",
    "csv: header with no id": "csv_no_id_column",
    "csv: header with one column": "csv_no_title_column",
    "csv: a quote that stays open": "csv_invalid",
    "csv: header with no rows": "submission_empty",
    "csv: a field without end": "row_too_large",
    "csv: commas without end": "row_too_large",
    "json: nothing": "json_invalid",
    "json: cut": "json_invalid",
    "json: overlong UTF-8": "json_invalid",
    "json: title with two surrogates the wrong way": "json_invalid",
    "json: brand with 30,000 brackets": "json_invalid",
    "json: brand with 300 brackets": "json_invalid",
    "json: objects without end": "json_invalid",
    "json: another key without end": "row_too_large",
    "zip: encrypted entry": "zip_unsafe_entry",
    "zip: symbolic link": "zip_unsafe_entry",
    "zip: name '../a.jpg'": "zip_unsafe_entry",
    "zip: local name that is not UTF-8": "zip_invalid",
    "zip: ZIP64 entry at 8 EB": "zip_invalid",
    "zip: directory of 2 GB": "zip_too_many_entries",
    "zip: table that inflates a thousand times": "zip_bomb",
    "zip: many files that inflate": "zip_bomb",
    "zip: cut at 95 %": "zip_invalid",
}
TAKEN: dict[str, tuple[int, dict[str, int]]] = {
    "csv: good": (9, {}),
    "csv: byte by byte": (9, {}),
    "csv: in utf-8-sig": (9, {}),
    "csv: a million cells": (1, {"row_invalid": 1}),
    "csv: one id twice": (2, {"listing_duplicate_id": 1}),
    "x-ndjson: good": (9, {}),
    "x-ndjson: title with 100,000 open brackets": (1, {"row_invalid": 1}),
    "x-ndjson: id with an integer of 5,000 digits": (1, {"row_invalid": 1}),
    "x-ndjson: a field without end": (0, {"row_invalid": 1}),
    "x-ndjson: a hundred thousand keys": (1, {"attributes_too_many": 1}),
    "x-ndjson: a key of a million characters": (1, {"attributes_too_long": 1}),
    "x-ndjson: image with a NUL": (1, {"image_url_invalid": 1}),
    "json: good": (9, {}),
    "json: byte by byte": (9, {}),
    "json: listings twice": (2, {}),
    "json: id with null": (2, {"listing_id_missing": 1}),
    "zip: good": (2, {"image_missing": 1}),
    "zip: behind a program": (2, {"image_missing": 1}),
    "zip: image that holds more than it says": (0, {"image_broken": 1, "image_missing": 2}),
}
# The process begins with 190 MB, most of it the cases; a row may have 15 MB.
MOST_MIB = 350


@pytest.fixture(scope="module")
def received() -> Lines:
    """Return what became of each body, by its name."""
    return outcomes("tests.malformed.receive_all")


def test_each_body_gives_rows_and_rejections_or_one_problem(received: Lines) -> None:
    assert len(received) >= 100
    found = {name: line["outcome"] for name, line in received.items()}
    assert not {name: outcome for name, outcome in found.items() if "raised" in outcome}
    assert {outcome["problem"] for outcome in found.values() if "problem" in outcome} == CODES
    assert {code for outcome in found.values() for code in outcome.get("rejections", {})} == REJECTIONS


@pytest.mark.parametrize(("name", "code"), PROBLEMS.items())
def test_body_is_refused_with_its_code(received: Lines, name: str, code: str) -> None:
    assert received[name]["outcome"].get("problem") == code


@pytest.mark.parametrize(("name", "expected"), TAKEN.items())
def test_body_is_taken_but_for_its_bad_rows(
    received: Lines, name: str, expected: tuple[int, dict[str, int]]
) -> None:
    outcome = received[name]["outcome"]
    assert (outcome.get("listings"), outcome.get("rejections")) == expected


def test_what_a_client_is_told_is_short_whatever_it_sent(received: Lines) -> None:
    for name, line in received.items():
        outcome = line["outcome"]
        assert max(outcome.get("told_bytes", 0), outcome.get("longest_detail", 0)) < 5000, name


def test_memory_stays_bounded(received: Lines) -> None:
    assert max(line["peak_mib"] for line in received.values()) < MOST_MIB


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_brackets_count_but_for_those_in_strings(size: int) -> None:
    def add(text: bytes) -> None:
        depth = Depth()
        for start in range(0, len(text), size):
            depth.add(text[start : start + size])

    add(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    add(b"[[]]{}" * MAX_DEPTH)
    add(rb'["\\", "\"[[{{", "\\\"[", "' + b"[" * 300 + b'"]')
    for text in (b"[" * MAX_DEPTH + b"{", rb'["\\", "]\"]]"' + b", [" * MAX_DEPTH):
        with pytest.raises(Problem, match="deeper"):
            add(text)
