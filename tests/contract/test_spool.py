"""The spool's promises, over every kind of store that can be had without a server."""

from collections.abc import Callable
from pathlib import Path

import pytest
from obstore.store import MemoryStore, S3Store

from shared.errors import SpoolUnavailable
from shared.spool import Spool, chunk_key


@pytest.fixture(params=["folder", "file-url", "memory"])
def any_spool(request: pytest.FixtureRequest, tmp_path: Path) -> Spool:
    if request.param == "memory":
        return Spool(MemoryStore())
    folder = tmp_path / "spool"
    return Spool.connect(str(folder) if request.param == "folder" else f"file://{folder}")


def test_what_was_put_comes_back(any_spool: Spool) -> None:
    any_spool.put("jobs/a/x", b"1")
    any_spool.put("jobs/a/x", b"22")
    assert any_spool.get("jobs/a/x") == b"22"
    assert any_spool.get("jobs/a/y") is None


def test_keys_are_listed_and_deleted_by_prefix(any_spool: Spool) -> None:
    for key in (chunk_key("a", 0), chunk_key("a", 1), chunk_key("b", 0)):
        any_spool.put(key, b"x")
    assert sorted(any_spool.keys("jobs/a")) == [chunk_key("a", 0), chunk_key("a", 1)]
    assert sorted(any_spool.job_ids()) == ["a", "b"]
    any_spool.delete_prefix("jobs/a")
    assert list(any_spool.job_ids()) == ["b"]
    assert list(any_spool.keys("jobs/a")) == []
    any_spool.delete_prefix("jobs/a")


def test_nothing_is_left_of_what_was_deleted_on_a_disk(tmp_path: Path) -> None:
    spool = Spool.connect(str(tmp_path))
    folder = tmp_path / "jobs" / "a" / "images"
    folder.mkdir(parents=True)
    # More than are deleted at once, and what a writer that was killed leaves behind.
    for number in range(2500):
        (folder / str(number)).touch()
    (folder / "x#1").touch()
    spool.put("jobs/ab/x", b"of another job")
    spool.delete_prefix("jobs/a")
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == ["ab"]


def test_a_disk_says_how_much_it_takes_and_a_bucket_does_not(tmp_path: Path) -> None:
    assert (Spool.connect(str(tmp_path)).free_bytes() or 0) > 0
    assert Spool(MemoryStore()).free_bytes() is None


def test_an_empty_spool_has_no_jobs(any_spool: Spool) -> None:
    assert list(any_spool.job_ids()) == []


def test_a_storage_that_takes_nothing_is_an_outage(tmp_path: Path) -> None:
    spool = Spool.connect(str(tmp_path / "spool"))
    (tmp_path / "spool" / "jobs").write_text("a file where a folder should be")
    with pytest.raises(SpoolUnavailable):
        spool.put("jobs/a/x", b"1")


@pytest.mark.parametrize(
    "ask",
    [
        lambda spool: list(spool.job_ids()),
        lambda spool: list(spool.keys("jobs/a")),
        lambda spool: spool.get("jobs/a/x"),
        lambda spool: spool.get_part("jobs/a/x", 0, 1),
        lambda spool: spool.put("jobs/a/x", b"1"),
        lambda spool: spool.delete(["jobs/a/x"]),
        lambda spool: spool.delete_prefix("jobs/a"),
    ],
    ids=["job_ids", "keys", "get", "get_part", "put", "delete", "delete_prefix"],
)
def test_a_bucket_that_does_not_answer_is_an_outage(ask: Callable[[Spool], object]) -> None:
    nobody = S3Store(
        "bucket",
        config={"endpoint": "http://127.0.0.1:1", "region": "any", "skip_signature": True},
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    with pytest.raises(SpoolUnavailable):
        ask(Spool(nobody))


def test_part_of_a_blob_is_read_alone(any_spool: Spool) -> None:
    any_spool.put("jobs/1/images/000000", b"firstsecond")
    assert any_spool.get_part("jobs/1/images/000000", 5, 6) == b"second"
    assert any_spool.get_part("jobs/1/images/000000", 0, 5) == b"first"
    assert any_spool.get_part("jobs/1/images/000001", 0, 5) is None
