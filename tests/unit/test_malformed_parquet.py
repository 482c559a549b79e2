"""Two hundred malformed Parquet files, each received by the gateway's code and the process that reads it."""

from typing import Any

import pytest

from tests.malformed.limited import outcomes
from tests.malformed.parquet_files import parquet_files
from tests.malformed.receive_parquet import write

pytestmark = pytest.mark.timeout(600)

Lines = dict[str, dict[str, Any]]
CODES = {
    "parquet_column_type", "parquet_encrypted", "parquet_invalid", "parquet_no_id_column",
    "parquet_too_large", "submission_empty", "too_many_listings",
}  # fmt: skip
REJECTIONS = {
    "attributes_too_many",
    "row_invalid", "listing_id_missing", "listing_duplicate_id", "image_empty", "image_too_many_bytes",
    "title_too_long",
}  # fmt: skip
PROBLEMS = {
    "nothing": "parquet_invalid",
    "two magics": "parquet_invalid",
    "cut at 90%": "parquet_invalid",
    "encrypted": "parquet_encrypted",
    "encrypted at its end": "parquet_encrypted",
    "CSV": "parquet_invalid",
    "footer of 4294967295 bytes": "parquet_invalid",
    "footer of noise": "parquet_invalid",
    "footer of 20 MB": "parquet_too_large",
    "footer of structs in structs": "parquet_invalid",
    "-1 rows in the group, too": "parquet_invalid",
    "10 rows in the group, too": "parquet_invalid",
    "4611686018427387904 rows in all": "too_many_listings",
    "column of 1099511627776 bytes": "parquet_invalid",
    "column that inflates to 1099511627776 bytes": "parquet_too_large",
    "20 groups that share their bytes": "parquet_invalid",
    "10,001 groups that share their bytes": "parquet_too_large",
    # Native code ends its process at the first two.
    "schema of type 0": "parquet_invalid",
    "a repetition of 9": "parquet_invalid",
    "two columns of one name": "parquet_invalid",
    "a name that is not UTF-8": "parquet_invalid",
    "title nested in 1,000 levels": "parquet_invalid",
    "page that inflates to 2147483647 bytes": "parquet_too_large",
    "page of 2147483647 values": "parquet_invalid",
    "a text of 2 GB": "parquet_invalid",
    "wrong checksum": "parquet_invalid",
    "image of lists": "parquet_column_type",
    "no id": "parquet_no_id_column",
    "no columns": "parquet_no_id_column",
    "no rows": "submission_empty",
    "2,000 columns": "parquet_too_large",
    "zeros of 40 MB": "parquet_too_large",
    "an image repeated 200 times": "parquet_too_large",
    "a long title repeated 100,000 times": "parquet_too_large",
    "2,000,001 nulls": "too_many_listings",
}
TAKEN: dict[str, tuple[int, dict[str, int]]] = {
    "good": (9, {}),
    "pages of version 2.0": (9, {}),
    "packed by zstd": (9, {}),
    "an Arrow schema of noise": (9, {}),
    "an extension pickled": (9, {}),
    "metadata of pandas that is none": (9, {}),
    "chunk of another file": (9, {}),
    "a title that is not UTF-8": (8, {"row_invalid": 1}),
    "a column of a date beyond all": (0, {"row_invalid": 1}),
    "a column of INT96": (1, {}),
    "a column of structs": (1, {}),
    "200 columns": (1, {}),
    "900 columns": (0, {"attributes_too_many": 1}),
    "a picture of 20 MB": (1, {"image_too_many_bytes": 1}),
    "a title of 20 MB": (1, {"row_invalid": 1}),
    "a number repeated 100,000 times": (100_000, {}),
    "100,000 nulls": (0, {"listing_id_missing": 100_000}),
    "long titles after many short": (20_000, {"title_too_long": 100}),
}
# The process begins with 70 MB; a row may have 15 MB, and is held as text and as an image.
MOST_MIB = 250


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """Return what became of each file, by its name."""
    folder = tmp_path_factory.mktemp("parquet")
    write(parquet_files(), folder)
    return outcomes("tests.malformed.receive_parquet", str(folder))


def test_each_file_gives_rows_and_rejections_or_one_problem(received: Lines) -> None:
    assert len(received) >= 200
    found = {name: line["outcome"] for name, line in received.items()}
    assert not {name: outcome for name, outcome in found.items() if "raised" in outcome}
    assert {outcome["problem"] for outcome in found.values() if "problem" in outcome} == CODES
    assert {code for outcome in found.values() for code in outcome.get("rejections", {})} == REJECTIONS
    assert {outcome["status"] for outcome in found.values() if "problem" in outcome} <= {400, 413, 422}


@pytest.mark.parametrize(("name", "code"), PROBLEMS.items())
def test_file_is_refused_with_its_code(received: Lines, name: str, code: str) -> None:
    assert received[name]["outcome"].get("problem") == code


@pytest.mark.parametrize(("name", "expected"), TAKEN.items())
def test_file_is_taken_but_for_its_bad_rows(
    received: Lines, name: str, expected: tuple[int, dict[str, int]]
) -> None:
    outcome = received[name]["outcome"]
    assert (outcome.get("listings"), outcome.get("rejections")) == expected


def test_what_a_client_is_told_of_its_file_is_short(received: Lines) -> None:
    for name, line in received.items():
        outcome = line["outcome"]
        assert max(outcome.get("told_bytes", 0), outcome.get("longest_detail", 0)) < 5000, name


def test_memory_of_the_gateway_stays_bounded(received: Lines) -> None:
    assert max(line["peak_mib"] for line in received.values()) < MOST_MIB
