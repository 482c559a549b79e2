"""Layouts on disk: believed only if they are whole and of this model, never needed."""

from pathlib import Path

import numpy as np
import pytest

from shared.messages import Listing
from workers.index.arrival import Arrival
from workers.index.catalogs import Catalogs
from workers.index.layout import Layout
from workers.index.layout_files import LayoutFiles
from workers.index.sized_index import SizedIndex
from workers.index.tfidf_index import TfidfIndex

DIM, LISTINGS = 16, 200


def small_cells(dim: int) -> SizedIndex:
    return SizedIndex(dim, least=64)


def catalogs(folder: Path) -> Catalogs:
    return Catalogs(folder, small_cells, TfidfIndex, most_open=2)


def arrival(start: int, stop: int, seed: int = 0) -> Arrival:
    values = np.random.default_rng(seed).normal(size=(stop, DIM))
    vectors = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype("<f2")
    return Arrival(
        listings={row: Listing(id=f"listing {row}", title=f"mug {row}") for row in range(start, stop)},
        rejections={},
        models={"text": ("m", DIM)},
        vectors={"text": {row: vectors[row].tobytes() for row in range(start, stop)}},
    )


def found(folder: Path) -> list[list[int]]:
    """Open the catalog anew and search it."""
    opened = catalogs(folder)
    index = opened.get("shop").vectors["text"]
    queries = np.random.default_rng(3).normal(size=(20, DIM)).astype(np.float32)
    keys = [near.keys.tolist() for near in index.search(queries, 5)]
    opened.close()
    return keys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the layout that a catalog left, the folder of catalogs being `tmp_path`."""
    opened = catalogs(tmp_path)
    opened.get_or_create("shop").ingest("job", "0", 0, arrival(0, LISTINGS))
    opened.close()
    return tmp_path / "shop" / "text.layout"


def test_a_catalog_that_is_opened_again_takes_its_layout_over(file: Path, tmp_path: Path) -> None:
    written = file.read_bytes()
    first = found(tmp_path)
    assert found(tmp_path) == first
    assert file.read_bytes() == written


@pytest.mark.parametrize("damage", ["absent", "empty", "cut", "another version", "a folder"])
def test_a_layout_that_is_not_whole_is_made_anew(file: Path, tmp_path: Path, damage: str) -> None:
    expected, content = found(tmp_path), file.read_bytes()
    file.unlink()
    if damage == "a folder":
        file.mkdir()
    elif damage != "absent":
        other = content.replace(b"layout 1", b"layout 0", 1)
        file.write_bytes({"empty": b"", "cut": content[:-1], "another version": other}[damage])
    assert LayoutFiles(file.parent).read("text", "m") is None
    assert len(found(tmp_path)) == len(expected)
    if damage != "a folder":
        assert LayoutFiles(file.parent).read("text", "m") is not None


def test_no_bit_of_a_layout_can_flip_unseen(file: Path) -> None:
    content, files = file.read_bytes(), LayoutFiles(file.parent)
    for place in range(0, len(content), 97):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        file.write_bytes(flipped)
        assert files.read("text", "m") is None


def test_the_layout_of_another_model_is_not_read(file: Path) -> None:
    files = LayoutFiles(file.parent)
    assert files.read("text", "m") is not None
    assert files.read("text", "another") is None
    assert files.read("image", "m") is None


def test_a_layout_older_than_the_catalog_holds_for_what_did_not_change(file: Path, tmp_path: Path) -> None:
    old = file.read_bytes()
    opened = catalogs(tmp_path)
    catalog = opened.get("shop")
    catalog.ingest("job 2", "0", 1, arrival(0, LISTINGS // 4, seed=1))
    catalog.ingest("job 2", "1", 1, arrival(LISTINGS, LISTINGS + 40, seed=1))
    queries = catalog.vectors["text"].vectors(np.sort(catalog.jobs.keys("job 2")))
    opened.close()
    file.write_bytes(old)
    again = catalogs(tmp_path)
    near = again.get("shop").vectors["text"].search(queries, 1)
    again.close()
    assert {score for each in near for score in each.scores.tolist()} == {1.0}


def test_a_writer_that_died_leaves_the_layout_from_before(file: Path, tmp_path: Path) -> None:
    expected, content = found(tmp_path), file.read_bytes()
    (file.parent / "text.unfinished").write_bytes(content[:100])
    assert found(tmp_path) == expected
    assert file.read_bytes() == content


def test_a_layout_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    layout = Layout(
        np.ones((1, 4), np.float32), 1, np.array([7]), np.array([1], np.uint64), np.array([0], np.int32)
    )
    LayoutFiles(tmp_path / "nowhere").write("text", "m", layout)
    LayoutFiles(tmp_path).write("text", "m", layout)
    again = LayoutFiles(tmp_path).read("text", "m")
    assert again is not None
    assert (again.size, again.keys.tolist(), again.cells.tolist()) == (1, [7], [0])
