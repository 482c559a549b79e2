"""What the evaluation writes: the report, the contact sheet; and what it compares with."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workers.index.background import NEAR, WEIGHT
from workers.trainer.evaluation.__main__ import measure_study
from workers.trainer.evaluation.edit_run import SINGLES, answer, encode_edits
from workers.trainer.evaluation.edits import COLLAGE, EDITS
from workers.trainer.evaluation.encoders import HashEncoder, encode_all, encode_files
from workers.trainer.evaluation.first_tower import FOLDER, bring_first_tower
from workers.trainer.evaluation.hog import HogEncoder
from workers.trainer.evaluation.memory import measure_memory
from workers.trainer.evaluation.normalisation import Background
from workers.trainer.evaluation.sheet import worst_failures, write_sheet
from workers.trainer.evaluation.speed import measure_speed
from workers.trainer.evaluation.study import Sizes, Study, plan_study
from workers.trainer.evaluation.tables import report_lines
from workers.trainer.tower.network import WEIGHTS, build, export
from workers.trainer.tower.photos import Photo
from workers.trainer.tower.split import FILE, read_held_out

CHECKOUT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Eight clothing photos, four of them held out; eight grocery photos of two products, one held out."""
    folder = tmp_path_factory.mktemp("photos")
    photos = []
    for number in range(16):
        blocks = np.random.default_rng(number).integers(0, 256, (5, 4, 3), dtype=np.uint8)
        file = folder / f"{number}.png"
        Image.fromarray(blocks).resize((120, 150), Image.Resampling.BICUBIC).save(file)
        product = str(number % 2) if number >= 8 else None
        photos.append(Photo("grocery" if product else "clothing", file.name, file, product))
    held_out = {photo.key for photo in photos if photo in photos[:4] or photo.product == "1"}
    return plan_study(photos, held_out, set(), Sizes(gallery=16, queries=4, grocery=0))


def test_report_has_the_headline_figures_and_a_table_of_all_encoders(study: Study, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    known = encode_files(HashEncoder(), [photo.path for photo in study.grocery])
    background = Background(known, [photo.key for photo in study.grocery])
    figures = measure_study(study, [HashEncoder(), HogEncoder()], background, sheet)
    for name in ("edits_r1", "edits_decision_f1", "edits_recall_fpr1", "grocery_heldout_hit1"):
        assert 0 <= figures[name] <= 1
    assert figures["edits_r1"] == figures["edits"]["pHash"]["overall"]["r1"]
    assert set(figures["edits"]) == {"pHash", "HOG", "pHash, plain"}
    assert set(figures["grocery"]) == {"pHash", "HOG", "pHash, plain"}
    assert set(figures["edits"]["HOG"]) == {*EDITS, "overall"}
    assert len(figures["normalised"]) == 15
    unchanged = [row for row in figures["normalised"] if row["beta"] == 0]
    assert all(row["r1"] == figures["edits"]["pHash, plain"]["overall"]["r1"] for row in unchanged)
    chosen = next(row for row in figures["normalised"] if (row["beta"], row["neighbours"]) == (WEIGHT, NEAR))
    assert chosen["r1"] == figures["edits_r1"]
    assert json.loads(json.dumps(figures)) == figures
    figures["speed"] = {"tower": {"encode_per_s": 12.5, "parameters": 1234}, "first tower": None}
    for part in ("edits", "grocery"):
        figures[part]["first tower"] = None
    text = "\n".join(report_lines(figures))
    assert f"edits_r1                 {figures['edits_r1']:.4f}" in text
    assert "1,234" in text
    assert sheet.exists()


def test_photos_read_once_are_encoded_as_one_by_one(study: Study) -> None:
    files = [photo.path for photo in study.photos]
    lines: list[str] = []
    together = encode_all([HashEncoder(), HogEncoder()], files, lines.append)
    assert np.array_equal(together["pHash"], encode_files(HashEncoder(), files))
    assert np.array_equal(together["HOG"], encode_files(HogEncoder(), files))
    assert lines


def test_sheet_shows_the_worst_failures_first(study: Study, tmp_path: Path) -> None:
    gallery = study.gallery
    known = encode_files(HashEncoder(), [photo.path for photo in gallery.photos])
    edited = encode_edits(gallery, [HashEncoder()], lambda _line: None)["pHash"]
    answers = answer(edited, known, gallery.queries)
    failures = worst_failures(answers, edited, known, gallery, count=3)
    margins = [failure.found_score - failure.own_score for failure in failures]
    assert len(failures) == 3
    assert margins == sorted(margins, reverse=True)
    assert margins[0] == pytest.approx((answers.other - answers.own)[:, SINGLES].max())
    for failure in failures:
        assert failure.edit != COLLAGE
        assert failure.found != gallery.queries[failure.query]
        scores = known @ edited[failure.query, list(EDITS).index(failure.edit)]
        assert scores[failure.found] == pytest.approx(failure.found_score)
        assert scores[gallery.queries[failure.query]] == pytest.approx(failure.own_score)
    file = tmp_path / "docs" / "sheet.png"
    write_sheet(failures, gallery, file)
    with Image.open(file) as sheet:
        assert sheet.format == "PNG"
        assert sheet.width > 900
        assert len(sheet.convert("RGB").getcolors(1 << 16) or []) > 50


def test_sheet_without_failures_is_still_a_picture(study: Study, tmp_path: Path) -> None:
    known = np.eye(len(study.gallery.photos), dtype=np.float32)
    edited = np.repeat(known[list(study.gallery.queries), None], len(EDITS), axis=1)
    answers = answer(edited, known, study.gallery.queries)
    assert worst_failures(answers, edited, known, study.gallery) == []
    write_sheet([], study.gallery, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        sheet.load()


def test_first_tower_is_left_out_where_there_is_no_history(tmp_path: Path) -> None:
    assert not bring_first_tower(tmp_path, tmp_path / "first", set())


def test_first_tower_comes_out_of_the_history_and_saw_no_held_out_photo(tmp_path: Path) -> None:
    held_out = read_held_out(CHECKOUT / FOLDER / FILE)
    if not bring_first_tower(CHECKOUT, tmp_path, held_out):
        pytest.skip("this checkout's history does not hold the first tower")
    with pytest.raises(ValueError, match="different photos"):
        bring_first_tower(CHECKOUT, tmp_path, held_out - {min(held_out)})
    (tmp_path / WEIGHTS).write_bytes(b"other")
    with pytest.raises(ValueError, match="not the first tower"):
        bring_first_tower(CHECKOUT, tmp_path, held_out)


def test_size_speed_and_memory_are_measured(study: Study, tmp_path: Path) -> None:
    export(build(1), tmp_path)
    figures = measure_speed({"tower": tmp_path}, [photo.path for photo in study.photos[:2]], rounds=1)[
        "tower"
    ]
    assert figures["file_bytes"] == (tmp_path / WEIGHTS).stat().st_size
    assert figures["parameters"] > 1e6
    assert figures["encode_per_s"] > 0
    assert figures["photos_per_s"] > 0
    memory = measure_memory(tmp_path)
    assert 50 < memory["libraries_mb"] < memory["peak_mb"]
