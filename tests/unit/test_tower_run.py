"""A whole run, small: folders of photos in, a tower with its record and card out."""

import csv
import dataclasses
import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from workers.trainer.tower.card.card import write_card
from workers.trainer.tower.dataset import Corpus
from workers.trainer.tower.device import CPU
from workers.trainer.tower.errors import Refused
from workers.trainer.tower.network import WEIGHTS
from workers.trainer.tower.recipe import Recipe
from workers.trainer.tower.request import Request
from workers.trainer.tower.run import open_corpus, run
from workers.trainer.tower.split import FILE, read_held_out
from workers.trainer.tower.starts import choose_start
from workers.trainer.tower.tables import Columns
from workers.trainer.tower.trial import measure_held_out

TINY = Recipe(steps=2, photos_per_step=8, stages=((0.0, 32),))
ROW = {"r1": 0.5, "r5": 0.75, "decision_f1": 0.25, "recall_fpr1": 0.125}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A plain folder of 20 photos, one more broken, and a catalog of 12 photos of 6 products."""
    parent = tmp_path_factory.mktemp("data")
    shop, catalog = parent / "shop_photos", parent / "catalog"
    (shop / "2026").mkdir(parents=True)
    (catalog / "images").mkdir(parents=True)
    files = [shop / "2026" / f"{n}.jpg" for n in range(20)] + [
        catalog / "images" / f"{n}.png" for n in range(12)
    ]
    for seed, file in enumerate(files):
        blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize((48, 40) if seed == 3 else (80, 72), Image.Resampling.BICUBIC).save(
            file
        )
    (shop / "broken.jpg").write_text("no photo", encoding="utf-8")
    with (catalog / "catalog.csv").open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows([("image", "group"), *((f"{n}.png", n // 2) for n in range(12))])
    return shop, catalog


def request(folders: tuple[Path, ...], tmp_path: Path, start: str = "random") -> Request:
    begin = choose_start(start)
    return Request(
        folders=folders, columns=Columns(), samples=4, held_out=0.2, licences={"shop": "CC0"},
        recipe=begin.settle(TINY), start=begin, device=CPU, cache=tmp_path / "cache", out=tmp_path / "out",
        fresh=False,
    )  # fmt: skip


def trial(tower: Path, corpus: Corpus) -> dict[str, Any] | None:
    assert (tower / WEIGHTS).is_file()
    assert corpus.held_out
    return {"about": "played", "edits": {"flip": ROW, "overall": ROW | {"r1": 0.95}}}


def quiet(_line: str) -> None:
    pass


@pytest.fixture(scope="module")
def finished(
    folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Request, list[str]]:
    asked, lines = request(folders, tmp_path_factory.mktemp("run")), list[str]()
    assert run(asked, lines.append, trial, asked.out / "none.json") == 0
    return asked, lines


def test_a_run_writes_a_tower_with_its_record(finished: tuple[Request, list[str]]) -> None:
    asked, lines = finished
    written = {WEIGHTS, "open_clip_config.json", FILE, "training.json", "MODEL_CARD.md"}
    assert {file.name for file in asked.out.iterdir()} == written | {"background.npy", "background.json"}
    assert not list(asked.cache.glob("run-*"))
    assert "left out 1 of 37 photos, as they cannot be read:" in lines
    record = json.loads((asked.out / "training.json").read_text())
    held_out = len([key for key in read_held_out(asked.out / FILE) if key.startswith("shop/")])
    assert record["data"]["collections"]["shop"] == {
        "photos": 20, "held_out": held_out, "products": 0, "licence": "CC0",
    }  # fmt: skip
    assert record["data"]["collections"]["catalog"]["products"] == 6
    assert record["data"]["trained_on"] + record["data"]["held_out"] == 36
    assert record["run"]["views"] == 2 * 2 * 8
    assert record["recipe"]["frozen_stages"] == 0


def test_the_card_says_what_the_record_knows(finished: tuple[Request, list[str]]) -> None:
    card = (finished[0].out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| shop | 20 |" in card
    assert "| CC0 |" in card
    assert "not stated" in card
    assert "| flip | 0.500 | 0.750 | 0.250 | 0.125 |" in card
    assert "* Weak (R@1): flip 0.500." in card
    assert "doppel train-tower shop_photos catalog --out FOLDER --start random --steps 2" in card
    assert str(finished[0].out) not in card


def test_the_card_takes_figures_of_the_same_weights_only(
    finished: tuple[Request, list[str]], tmp_path: Path
) -> None:
    out = finished[0].out
    sha256 = json.loads((out / "training.json").read_text())["tower"]["sha256"]
    report = {
        "weights_sha256": sha256, "about": {"edits": "as ever"}, "edits_r1": 0.9871, "edits_decision_f1": 0.8,
        "edits_recall_fpr1": 0.7, "grocery_heldout_hit1": 0.6, "first": None,
        "edits": {"tower": {"flip": ROW | {"r1": 1.0}}, "pHash": {"flip": ROW}, "first tower": None},
        "grocery": {"tower": {"heldout_hit1": 0.6}, "first tower": None},
    }  # fmt: skip
    file = tmp_path / "tower.json"
    file.write_text(json.dumps(report), encoding="utf-8")
    assert "| edits_r1 | 0.987 |" in write_card(out, file).read_text(encoding="utf-8")
    assert "| flip | 1.000 | 0.750 | 0.250 | 0.125 | 0.500 |" in (out / "MODEL_CARD.md").read_text(
        encoding="utf-8"
    )
    file.write_text(json.dumps(report | {"weights_sha256": "another"}), encoding="utf-8")
    assert "edits_r1" not in write_card(out, file).read_text(encoding="utf-8")


def test_a_card_needs_a_record(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"training\.json is missing"):
        write_card(tmp_path, tmp_path / "none.json")


def test_stopped_by_a_signal_the_same_request_goes_on(
    finished: tuple[Request, list[str]], tmp_path: Path
) -> None:
    asked, lines = dataclasses.replace(finished[0], out=tmp_path / "out"), list[str]()

    def interrupt(line: str) -> None:
        lines.append(line)
        if line.startswith("step 1/"):
            signal.raise_signal(signal.SIGTERM)

    assert run(asked, interrupt, trial, tmp_path / "none.json") == signal.SIGTERM
    assert "stopped after step 1 of 2" in lines[-1]
    assert not asked.out.exists()
    other = dataclasses.replace(asked, recipe=dataclasses.replace(asked.recipe, steps=3))
    with pytest.raises(Refused, match="steps was 2, is 3"):
        run(other, quiet, trial, tmp_path / "none.json")
    lines.clear()
    assert run(asked, lines.append, trial, tmp_path / "none.json") == 0
    assert "going on after step 1 of 2" in lines
    ours, theirs = (load_file(folder / WEIGHTS) for folder in (asked.out, finished[0].out))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_fresh_forgets_the_unfinished_run(finished: tuple[Request, list[str]], tmp_path: Path) -> None:
    asked = dataclasses.replace(finished[0], out=tmp_path / "out", fresh=True)
    lines: list[str] = []

    def interrupt(line: str) -> None:
        lines.append(line)
        if line.startswith("step 1/"):
            signal.raise_signal(signal.SIGINT)

    for _ in range(2):
        assert run(asked, interrupt, trial, tmp_path / "none.json") == signal.SIGINT
    assert not [line for line in lines if line.startswith("going on")]


def test_a_tower_can_be_gone_on_from(finished: tuple[Request, list[str]], tmp_path: Path) -> None:
    before = finished[0].out
    start = choose_start(str(before))
    asked = dataclasses.replace(
        finished[0],
        start=start,
        recipe=start.settle(dataclasses.replace(TINY, learning_rate=0.0)),
        out=tmp_path / "out",
    )
    assert run(asked, quiet, trial, tmp_path / "none.json") == 0
    old, new = (load_file(folder / WEIGHTS) for folder in (before, asked.out))
    assert torch.allclose(old["visual.trunk.conv_stem.weight"], new["visual.trunk.conv_stem.weight"])
    assert json.loads((asked.out / "training.json").read_text())["start"]["sha256"] in asked.recipe.start


def test_a_tower_of_another_kind_is_no_start(finished: tuple[Request, list[str]], tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no folder with"):
        choose_start(str(tmp_path))
    for name in (WEIGHTS, "open_clip_config.json"):
        (tmp_path / name).write_bytes((finished[0].out / name).read_bytes())
    config = json.loads((tmp_path / "open_clip_config.json").read_text())
    config["model_cfg"]["vision_cfg"]["timm_pool"] = "max"
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(Refused, match="another architecture"):
        choose_start(str(tmp_path))


def test_a_licence_of_nothing_is_refused(finished: tuple[Request, list[str]]) -> None:
    with pytest.raises(Refused, match="no collection: shops"):
        run(dataclasses.replace(finished[0], licences={"shops": "CC0"}), quiet, trial, Path("none.json"))


def test_the_trial_measures_held_out_photos(finished: tuple[Request, list[str]]) -> None:
    asked = finished[0]
    corpus = open_corpus(asked, quiet)
    measured = measure_held_out(asked.out, corpus, 2, quiet)
    assert measured
    assert set(measured["edits"]["overall"]) >= set(ROW)
    assert 0 <= measured["edits"]["flip"]["r1"] <= 1
    assert measure_held_out(asked.out, corpus, 1, quiet) is None
