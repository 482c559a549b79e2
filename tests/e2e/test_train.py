"""`doppel train` on a folder in the Shopee layout, and all that is done with what it wrote."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from local.stack import Stack
from samples import write_catalog
from shared.profile import load_profile
from workers.index.classifiers import Classifiers
from workers.index.keys import key_of
from workers.trainer.datasets.grocery import shopee_from_grocery
from workers.trainer.datasets.shopee import COLUMNS, read_shopee
from workers.trainer.matching.trained_stack import stack_judges
from workers.trainer.train.embedding_files import build_index, load_embeddings
from workers.trainer.train.parts import CHOOSING, REPORTING
from workers.trainer.train.profile_folder import check_files, read_manifest

NAME = "grid-shop"
ROOT = Path(__file__).resolve().parents[2]


def grocery() -> Path:
    return Path(os.environ.get("DOPPEL_DATA") or ROOT.parent / "shared" / "data") / "grocery_photos"


def shopee_from_samples(folder: Path) -> None:
    write_catalog(folder / "samples", listings=300, seed=5)
    rows = [json.loads(line) for line in (folder / "samples" / "listings.ndjson").read_text().splitlines()]
    truth = json.loads((folder / "samples" / "truth.json").read_text())["listings"]
    (folder / "train_images").mkdir()
    with (folder / "train.csv").open("w", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for row in rows:
            if row["image"]:
                name = Path(row["image"]).name
                (folder / "train_images" / name).write_bytes((folder / "samples" / row["image"]).read_bytes())
                writer.writerow([row["id"], name, "", row["title"], truth[row["id"]]["product"]])


@pytest.fixture(scope="module")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real shop photos where they lie beside the checkout, else photos of the sample shop."""
    folder = tmp_path_factory.mktemp("shopee")
    if grocery().is_dir():
        shopee_from_grocery(grocery(), folder, most=4)
    else:
        shopee_from_samples(folder)
    with (folder / "train.csv").open("a", newline="") as text:
        csv.writer(text).writerow(["gone", "gone.jpg", "", "photo is gone", "0"])
    return folder


def doppel(
    *arguments: object, expect: int = 0, settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    code = "from client.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | (settings or {}),
    )
    assert ended.returncode == expect, ended.stdout + ended.stderr
    return ended


def train(shop_folder: Path, out: Path, *options: object) -> str:
    common = ("--profile", "deterministic", "--name", NAME, "--cache", shop_folder / "cache")
    return doppel("train", shop_folder, "--out", out, *common, *options).stdout


@pytest.fixture(scope="module")
def trained(shop_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("artifacts")
    said = train(shop_folder, out)
    assert "left out: image file missing: 1" in said
    assert "random negatives" in said
    assert "retrieved candidates" in said
    return out / NAME


def report(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "report.json").read_text("utf-8")))


@pytest.mark.timeout(300)
def test_the_profile_loads_as_a_shipped_one_does(trained: Path) -> None:
    profile, folder = load_profile(NAME, trained.parent)
    assert (profile.name, folder) == (NAME, trained)
    models = {
        modality: model for modality, (model, _) in load_embeddings(trained / "embeddings").models.items()
    }
    classifier = Classifiers.load(trained.parent).choose(models)
    assert classifier is not None
    assert classifier.profile == NAME
    assert (
        set(classifier.regressions["within"])
        == set(classifier.regressions["alone"])
        == {"image_text", "image_only", "text_only"}
    )


@pytest.mark.timeout(300)
def test_the_manifest_names_every_file(trained: Path) -> None:
    manifest = read_manifest(trained)
    check_files(trained, manifest)
    held = {path.relative_to(trained).as_posix() for path in trained.rglob("*") if path.is_file()}
    assert held - set(manifest["files"]) == {"manifest.json"}
    assert {"classifier.json", "profile.json", "report/index.html", "embeddings/image.npy"} < held
    assert manifest["data"]["facts"]["left out: image file missing"] == 1
    assert manifest["versions"]["numpy"] == np.__version__


@pytest.mark.timeout(300)
def test_saved_embeddings_become_an_index_again(trained: Path) -> None:
    embeddings = load_embeddings(trained / "embeddings")
    index = build_index(embeddings, "image")
    listing, held = next(iter(embeddings.vectors["image"].items()))
    found = index.search(np.frombuffer(held, "<f2").astype(np.float32)[None], 1)[0]
    assert key_of(listing) in found.keys.tolist()
    assert found.scores[0] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.timeout(300)
def test_the_report_puts_honest_figures_beside_those_of_random_pairs(trained: Path) -> None:
    rows = report(trained / "report")["pairs"]
    assert [(row["classifier"], row["retrieved"]) for row in rows] == [
        ("this classifier", True),
        ("the notebook's", True),
        ("this classifier", False),
        ("the notebook's", False),
    ]
    ours, theirs, _, easy = (row["figures"] for row in rows)
    assert ours["precision"] > theirs["precision"]
    assert easy["f1"] > theirs["f1"] + 0.2
    catalog = report(trained / "report")["catalog"]
    assert catalog["row_f1"] > catalog["row_f1_of_nothing"]
    assert 1 < catalog["largest_group"] < catalog["listings_asked"] / 2


@pytest.mark.timeout(300)
def test_another_threshold_is_chosen_without_encoding(
    trained: Path, shop_folder: Path, tmp_path: Path
) -> None:
    train(shop_folder, tmp_path, "--threshold", "cost=1:5", "--split", "stratified")
    folder = tmp_path / NAME
    before = json.loads((folder / "classifier.json").read_text())
    said = doppel("rethreshold", folder, "--precision", "0.99").stdout
    after = json.loads((folder / "classifier.json").read_text())
    old, new = (found["regressions"]["within"]["image_text"]["threshold"] for found in (before, after))
    assert new > old
    assert f"{old:.4f}" in said
    assert (
        before["regressions"]["within"]["image_text"]["duplicate"]
        == after["regressions"]["within"]["image_text"]["duplicate"]
    )
    check_files(folder, read_manifest(folder))
    held = np.load(folder / "held_out" / "image_text_within.npy", allow_pickle=False)
    called = held["probability"] >= new
    assert held["duplicate"][called].mean() >= 0.99
    assert "say one of" in doppel("rethreshold", folder, expect=1).stderr
    (folder / "profile.json").write_text("{}")
    assert (
        "is not the file that manifest.json names" in doppel("rethreshold", folder, "--f1", expect=1).stderr
    )


@pytest.mark.timeout(300)
def test_evaluation_alone(trained: Path, shop_folder: Path, tmp_path: Path) -> None:
    options = ("--cache", shop_folder / "cache", "--out", tmp_path)
    said = doppel("evaluate", shop_folder, "--artifacts", trained, *options).stdout
    assert re.search(rf"{NAME} was trained on (\d+) of these \1 listings: figures are too good", said)
    found = report(tmp_path)
    assert found["catalog"]["listings_asked"] == len(load_embeddings(trained / "embeddings").vectors["image"])
    assert (tmp_path / "index.html").is_file()
    refused = doppel("evaluate", shop_folder, "--artifacts", trained.parent, expect=1)
    assert "name the folder of one profile" in refused.stderr


@pytest.mark.timeout(300)
def test_running_encoders_give_the_same_classifier_and_others_are_refused(
    trained: Path, shop_folder: Path, stack: Stack, tmp_path: Path
) -> None:
    addresses = {name: stack.env[name] for name in ("DOPPEL_REDIS_URL", "DOPPEL_SPOOL_URL")}
    options = ("--encoders", "running", "--cache", tmp_path / "cache", "--name", NAME)
    common = ("train", shop_folder, "--out", tmp_path / "out", *options)
    doppel(*common, "--profile", "deterministic", settings=addresses)
    there, here = tmp_path / "out" / NAME / "classifier.json", trained / "classifier.json"
    assert there.read_bytes() == here.read_bytes()

    manifest = json.loads((ROOT / "artifacts" / "deterministic" / "profile.json").read_text())
    manifest["image"]["model"] = "another-grid"
    (tmp_path / "profile.json").write_text(json.dumps(manifest))
    refused = doppel(*common, "--profile", tmp_path / "profile.json", settings=addresses, expect=1)
    assert "another-grid" in refused.stderr
    assert "start all encoders with one profile" in refused.stderr
    assert "Traceback" not in refused.stderr


def words(path: Path, header: str, rows: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def train_on_titles(data: Path, layout: str, out: Path) -> str:
    options = ("--dataset", layout, "--profile", "deterministic", "--name", NAME, "--cache", out / "cache")
    return doppel("train", data, "--out", out, *options).stdout


@pytest.mark.timeout(300)
def test_a_table_without_photos_takes_over_what_it_cannot_teach(tmp_path: Path) -> None:
    rows = [f"{g}-{i},Mug number {g} {w},{g}" for g in range(120) for i, w in enumerate(("red", "x", "new"))]
    table = words(tmp_path / "t.csv", "id,title,group", rows)
    assert "image_only: taken over from the shipped classifier" in train_on_titles(
        table, "csv", tmp_path / "1"
    )
    first = (tmp_path / "1" / NAME / "classifier.json").read_text()
    written, shipped = (
        json.loads(text)["regressions"]["within"]
        for text in (first, (ROOT / "artifacts" / "deterministic" / "classifier.json").read_text())
    )
    assert written["image_only"] == shipped["image_only"]
    assert written["text_only"] != shipped["text_only"]
    train_on_titles(table, "csv", tmp_path / "2")
    assert (tmp_path / "2" / NAME / "classifier.json").read_text() == first


@pytest.mark.timeout(300)
def test_two_tables_are_fitted_and_measured_on_their_own_splits(tmp_path: Path) -> None:
    folder = tmp_path / "two"
    words(folder / "tableA.csv", "id,name", [f"{i},Lamp model {i} brass" for i in range(90)])
    words(folder / "tableB.csv", "id,name", [f"{i},brass lamp no {i}" for i in range(90)])
    for split, start in (("train", 0), ("valid", 30), ("test", 60)):
        pairs = [
            (i, start + (i + step) % 30, int(step == 0))
            for i in range(start, start + 30)
            for step in (0, 7, 9)
        ]
        rows = [f"{a},{b if label == 0 else a},{label}" for a, b, label in pairs if label or a != b]
        words(folder / f"{split}.csv", "ltable_id,rtable_id,label", rows)
    said = train_on_titles(folder, "pairs", tmp_path / "out")
    assert "pairs, train: " in said
    rows_shown = report(tmp_path / "out" / NAME / "report")["pairs"]
    assert [row["pairs"] for row in rows_shown[:2]] == ["labelled pairs"] * 2
    assert rows_shown[0]["figures"]["positives"] == 30
    roles = np.load(tmp_path / "out" / NAME / "held_out" / "text_only_across.npy", allow_pickle=False)["role"]
    assert set(roles.tolist()) == {CHOOSING, REPORTING}


def test_what_is_missing_is_one_line(tmp_path: Path) -> None:
    ended = doppel("train", tmp_path, expect=1)
    assert ended.stderr.splitlines()[-1].startswith(f"error: {tmp_path}/train.csv is missing; expected are")


@pytest.mark.timeout(300)
def test_a_fresh_stack_judges_by_what_was_trained(trained: Path, shop_folder: Path) -> None:
    assert stack_judges(trained, read_shopee(shop_folder))


@pytest.mark.timeout(300)
def test_a_stack_that_does_not_judge_by_it_is_noticed(
    trained: Path, shop_folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "artifacts" / NAME
    shutil.copytree(trained, other)
    classifier = json.loads((other / "classifier.json").read_text())
    classifier["models"]["image"] = "a model that no encoder has"
    (other / "classifier.json").write_text(json.dumps(classifier))
    assert not stack_judges(other, read_shopee(shop_folder))
