"""The store: one owner, transactions, crash safety, versions."""

import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from shared.errors import ArtifactError, UnknownCatalog
from shared.messages import Listing
from workers.index.arrival import Arrival
from workers.index.catalogs import FILE, Catalogs
from workers.index.faiss_index import FaissIndex
from workers.index.keys import key_of, keys_of
from workers.index.lock import AlreadyOwned, FolderLock
from workers.index.store import JobTable, ListingTable, PairTable, open_database
from workers.index.store.listings import unit_vectors
from workers.index.store.pairs import ScoredPair
from workers.index.tfidf_index import TfidfIndex


def arrival(*names: str, title: str = "red shirt", vector: float = 1.0) -> Arrival:
    data = np.array([vector, 0.5, 0, 0], "<f2").tobytes()
    rows = range(1, len(names) + 1)
    return Arrival(
        listings={row: Listing(id=name, title=title) for row, name in zip(rows, names, strict=True)},
        rejections={},
        models={"text": ("m", 4)},
        vectors={"text": dict.fromkeys(rows, data)},
    )


@pytest.fixture
def catalogs(tmp_path: Path) -> Catalogs:
    return Catalogs(tmp_path, FaissIndex, TfidfIndex, most_open=2)


def test_folder_has_one_owner(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(AlreadyOwned, match="another index worker"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_lock_goes_with_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib\nfrom workers.index.lock import FolderLock\n"
        "FolderLock(pathlib.Path(sys.argv[1])).acquire()\nos.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()


def test_transaction_that_raises_leaves_nothing(tmp_path: Path) -> None:
    database = open_database(tmp_path / FILE)

    def insert_and_fail() -> None:
        with database.transaction():
            database.connection.execute("INSERT INTO models VALUES ('text', 'm', 4)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        insert_and_fail()
    assert database.connection.execute("SELECT count(*) FROM models").fetchone() == (0,)
    database.close()


def test_commits_are_durable_by_setting(tmp_path: Path) -> None:
    database = open_database(tmp_path / FILE)
    assert database.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_a_file_holds_vectors_of_any_usual_dimension_without_waste(tmp_path: Path) -> None:
    data, keys = [bytes(2 * dim) for dim in (384, 512, 768, 1024)] * 250, range(1000)
    database = open_database(tmp_path / FILE)
    with database.transaction():
        ListingTable(database).put_vectors("image", keys, data)
    database.close()
    assert (tmp_path / FILE).stat().st_size < 1.5 * sum(map(len, data))


def test_file_of_another_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ArtifactError, match="format 99"):
        open_database(tmp_path / FILE)


def test_file_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    database = open_database(tmp_path / FILE)
    database.connection.execute("INSERT INTO models VALUES ('text', 'm', 4)")
    new = database.connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
    database.connection.execute("DROP TABLE outcomes")
    database.connection.execute("DROP TABLE job_orders")
    database.connection.execute("PRAGMA user_version = 1")
    database.close()
    for _ in range(2):
        database = open_database(tmp_path / FILE)
        assert database.connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall() == new
        assert database.connection.execute("SELECT * FROM models").fetchall() == [("text", "m", 4)]
        database.close()


def test_slices_of_an_earlier_version_stay_in_order_of_id(catalogs: Catalogs, tmp_path: Path) -> None:
    catalog = catalogs.get_or_create("shop")
    for job, names in (("one", "dbac"), ("two", "ca")):
        catalog.ingest(job, "0", 1, arrival(*names))
    catalog.database.connection.execute("DROP TABLE job_orders")
    catalog.database.connection.execute("PRAGMA user_version = 2")
    catalogs.close()
    jobs = catalogs.get("shop").jobs
    assert jobs.has_order("one")
    assert jobs.keys("one").tolist() == keys_of("abcd").tolist()
    assert jobs.keys("two").tolist() == keys_of("ac").tolist()
    catalogs.close()


def test_the_order_of_a_job_stays_until_another_chunk_comes_or_it_ends(catalogs: Catalogs) -> None:
    catalog = catalogs.get_or_create("shop")
    for job in ("one", "two"):
        catalog.ingest(job, "0", 1, arrival("a", "b", "c"))
        catalog.jobs.put_order(job, keys_of("bca"))
    catalogs.close()
    catalog = catalogs.get("shop")
    assert [catalog.jobs.keys(job).tolist() for job in ("one", "two")] == 2 * [keys_of("bca").tolist()]
    catalog.ingest("one", "1", 1, arrival("d"))
    assert not catalog.jobs.has_order("one")
    assert catalog.jobs.keys("one").tolist() == keys_of("abcd").tolist()
    catalog.jobs.forget("two")
    assert not catalog.jobs.has_order("two")
    catalogs.close()


def test_unknown_catalog_is_refused_and_not_made(catalogs: Catalogs, tmp_path: Path) -> None:
    with pytest.raises(UnknownCatalog):
        catalogs.get("nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_chunk_stored_twice_changes_nothing(catalogs: Catalogs) -> None:
    catalog = catalogs.get_or_create("shop")
    first = catalog.ingest("job", "0", 1, arrival("a", "b"))
    assert catalog.ingest("job", "0", 1, arrival("a", "b", "c")) == first
    assert catalog.jobs.listings("job") == ["a", "b"]
    catalogs.close()


def test_same_id_twice_in_one_job_is_rejected_once(catalogs: Catalogs) -> None:
    catalog = catalogs.get_or_create("shop")
    counts = catalog.ingest("job", "0", 1, arrival("a", "a"))
    assert (counts.accepted, counts.rejected) == (1, 1)
    assert "listing_duplicate_id" in next(iter(catalog.jobs.rejections("job")))
    catalogs.close()


def test_catalog_reopened_finds_what_it_found_before(catalogs: Catalogs, tmp_path: Path) -> None:
    catalog = catalogs.get_or_create("shop")
    catalog.ingest("job", "0", 1, arrival("a", "b"))
    catalog.ingest("job", "1", 1, arrival("c", title="blue mug", vector=-1.0))
    query = unit_vectors([np.array([1, 0.4, 0, 0], "<f2").tobytes()])
    before = catalog.vectors["text"].search(query, 3)[0]
    catalogs.close()
    again = Catalogs(tmp_path, FaissIndex, TfidfIndex, most_open=2).get("shop")
    after = again.vectors["text"].search(query, 3)[0]
    assert after.keys.tolist() == before.keys.tolist()
    assert after.scores.tolist() == before.scores.tolist()
    assert again.vocabulary.rarity("mug") == catalog.vocabulary.rarity("mug")
    again.database.close()


def test_catalog_is_read_anew_after_an_error(catalogs: Catalogs) -> None:
    catalog = catalogs.get_or_create("shop")

    def ingest_and_fail() -> None:
        with catalogs.changing("shop"):
            catalog.ingest("job", "0", 1, arrival("a"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ingest_and_fail()
    fresh = catalogs.get("shop")
    assert fresh is not catalog
    assert list(fresh.listings.get([key_of("a")])) == [key_of("a")]
    catalogs.close()


def open_files(folder: Path) -> set[str]:
    """Return the files of a folder that this process has open."""
    links = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return {str(link.readlink()) for link in links if str(link.readlink()).startswith(str(folder))}


def test_only_the_catalogs_used_last_are_kept_open(catalogs: Catalogs, tmp_path: Path) -> None:
    first = catalogs.get_or_create("one")
    first.ingest("job", "0", 1, arrival("a"))
    catalogs.get_or_create("two").ingest("job", "0", 1, arrival("b"))
    assert catalogs.get("one") is first
    catalogs.get_or_create("three")
    assert catalogs.get("one") is first, "the one used last stays"
    for number in range(20):
        catalogs.get_or_create(f"more-{number}")
    assert {Path(file).parent.name for file in open_files(tmp_path)} == {"more-18", "more-19"}
    again = catalogs.get("two")
    assert list(again.listings.get([key_of("b")])) == [key_of("b")]
    assert again.vectors["text"].has(keys_of(["b"])).tolist() == [True]
    catalogs.close()
    assert open_files(tmp_path) == set()


def test_two_catalogs_in_use_stay_open(catalogs: Catalogs) -> None:
    for name in ("one", "two", "three"):
        catalogs.get_or_create(name)
    with catalogs.changing("one") as one:
        other = catalogs.get("three")
        one.ingest("job", "0", 1, arrival("a"))
        assert other.listings.get([key_of("a")]) == {}
    catalogs.close()


def test_a_catalog_that_cannot_be_read_leaves_no_file_open(catalogs: Catalogs, tmp_path: Path) -> None:
    catalogs.get_or_create("shop").listings.pin("shop", "text", "m", 4)
    catalogs.close()
    connection = sqlite3.connect(tmp_path / "shop" / FILE)
    connection.execute("DROP TABLE vectors")
    connection.close()
    with pytest.raises(sqlite3.OperationalError):
        catalogs.get("shop")
    assert open_files(tmp_path) == set()
    catalogs.close()


def test_listing_that_loses_its_vector_is_not_found_by_it(catalogs: Catalogs) -> None:
    catalog = catalogs.get_or_create("shop")
    catalog.ingest("one", "0", 1, arrival("a", "b"))
    bare = arrival("a")
    catalog.ingest("two", "0", 2, Arrival(bare.listings, {}, {}, {}))
    assert catalog.has("text", keys_of(["a", "b"])).tolist() == [False, True]
    catalogs.close()


def test_pairs_stay_when_the_same_listing_is_sent_again_and_go_when_it_changed(catalogs: Catalogs) -> None:
    from workers.index.store.pairs import ScoredPair

    catalog = catalogs.get_or_create("shop")
    catalog.ingest("one", "0", 1, arrival("a", "b"))
    catalog.pairs.put([ScoredPair("a", "b", 0.9, "duplicate")])
    catalog.ingest("two", "0", 2, arrival("a", "b"))
    assert len(list(catalog.pairs.all())) == 1
    catalog.ingest("three", "0", 3, arrival("b", title="other"))
    assert list(catalog.pairs.all()) == []
    catalogs.close()


def test_vectors_are_scaled_to_unit_length() -> None:
    found = unit_vectors([np.array([3, 4], "<f2").tobytes()])
    assert found.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)]]


def test_a_rematch_drops_pairs_in_steps_that_grow_with_the_pairs_only(tmp_path: Path) -> None:
    database = open_database(tmp_path / "catalog.db")
    listings, pairs, count = ListingTable(database), PairTable(database), 300
    names = [f"l{i:03}" for i in range(count)]
    for name in names:
        listings.upsert([Listing(id=name)], [""], 1)
    JobTable(database).add_catalog("rematch")
    pairs.put(ScoredPair(a, b, 0.5, "different") for a, b in pairwise(names))
    # Called every 1,000 instructions: a look-up of each listing with each other would take 90,000 look-ups.
    calls: list[int] = []
    database.connection.set_progress_handler(lambda: calls.append(1), 1000)
    pairs.drop_unfound("rematch")
    assert len(calls) < 100
    assert list(pairs.all()) == []
    database.close()
