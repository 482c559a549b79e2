"""The report: its numbers, its page, and that nothing a seller wrote can break it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import jpeg
from workers.trainer.report.curves import by_threshold, curves_of, precision_recall, reliability, roc
from workers.trainer.report.findings import (
    RECALL_AT,
    Findings,
    JudgedPairs,
    ListingView,
    PairRow,
    pair_figures,
)
from workers.trainer.report.mistakes import worst
from workers.trainer.report.page import shown
from workers.trainer.report.report import write_report

CHANCES = np.array([0.95, 0.9, 0.6, 0.4, 0.3, 0.1])
DUPLICATE = np.array([True, False, True, False, True, False])
EVIL = '<script>alert(1)</script> "quoted" {{ 7 * 7 }}'


def judged(chances: np.ndarray = CHANCES, duplicate: np.ndarray = DUPLICATE) -> JudgedPairs:
    count = len(chances)
    return JudgedPairs(
        ids=[(f"a{i}", f"b{i}") for i in range(count)],
        chances=chances,
        called=chances >= 0.5,
        duplicate=duplicate,
        similarities={"image": np.where(np.arange(count) % 2, np.nan, chances), "text": chances},
    )


def test_figures_of_pairs_worked_out_by_hand() -> None:
    found = pair_figures(judged())
    assert found["pairs"] == 6
    assert found["positives"] == 3
    assert (found["precision"], found["recall"], found["f1"]) == (0.6667, 0.6667, 0.6667)
    # Of nine pairs of a duplicate and another, the duplicate comes first in six.
    assert found["roc_auc"] == round(6 / 9, 4)
    assert found["pr_auc"] == round((1 + 2 / 3 + 3 / 5) / 3, 4)
    assert found["brier"] == round(float(((CHANCES - DUPLICATE) ** 2).mean()), 4)


def test_without_both_kinds_of_pair_there_are_no_areas() -> None:
    only = judged(duplicate=np.zeros(6, bool))
    assert pair_figures(only) == {"pairs": 6, "positives": 0, "precision": 0, "recall": 0, "f1": 0}
    assert curves_of(only) == {}


def test_curves_worked_out_by_hand() -> None:
    found = by_threshold(CHANCES, DUPLICATE)
    at = found["threshold"].index(0.5)
    assert (found["precision"][at], found["recall"][at]) == (0.66667, 0.66667)
    assert (found["recall"][0], found["precision"][-1], found["recall"][-1]) == (1, 1, 0)
    # A pair exactly at the threshold is called a duplicate.
    at = found["threshold"].index(0.6)
    assert found["recall"][at] == 0.66667
    calibrated = reliability(np.array([0.12, 0.18, 0.91, 1.0]), np.array([False, True, True, True]))
    assert calibrated == {"probability": [0.15, 0.955], "duplicates": [0.5, 1.0], "pairs": [2.0, 2.0]}
    assert roc(CHANCES, DUPLICATE)["true_positive_rate"][-1] == 1
    assert precision_recall(CHANCES, DUPLICATE)["recall"][0] == 1


def test_curves_of_many_pairs_are_short() -> None:
    rng = np.random.default_rng(3)
    chances = rng.random(5000)
    for curve in curves_of(judged(chances, rng.random(5000) < chances)).values():
        assert all(len(values) <= 200 for values in curve.values())


def test_the_worst_mistakes_come_first_and_no_listing_fills_the_page() -> None:
    assert worst(judged(), called=True) == [1]
    assert worst(judged(), called=False) == [4]
    chances = np.linspace(0.6, 0.9, 5)
    same = JudgedPairs([("x", f"y{i}") for i in range(5)], chances, chances > 0.5, np.zeros(5, bool))
    assert worst(same, called=True) == [4, 3]


def findings(photo: Path | None, pairs: JudgedPairs) -> Findings:
    def view(listing: str) -> ListingView:
        return ListingView(EVIL, photo, f"group of {listing}")

    retrieval = {f"recall@{k}": 0.5 for k in RECALL_AT}
    return Findings(
        title="Report on <b>shop</b>",
        data={"listings": 1234, "source": EVIL},
        model={"image": "grid-v1"},
        retrieval={"image": retrieval | {"map": 0.25}, "union": retrieval},
        pairs=(
            PairRow("this classifier", "retrieved candidates", True, pair_figures(pairs)),
            PairRow("this classifier", "random negatives", False, {"pairs": 2, "positives": 1, "f1": 1.0}),
        ),
        judged=pairs,
        thresholds={"image_text": 0.5},
        catalog={"row_f1": 0.5, "row_f1_of_nothing": 0.4, "b_cubed_f1": 0.75},
        view=view,
        notes=("Read <this>.",),
    )


def test_a_report_is_one_folder_that_needs_nothing_else(tmp_path: Path) -> None:
    photo = tmp_path / "photo of mine.jpg"
    photo.write_bytes(jpeg(1, 900))
    page = write_report(tmp_path / "report", findings(photo, judged()))
    html = page.read_text("utf-8")
    links = re.findall(r'(?:src|srcset|href)="([^"]+)"', html)
    assert links
    assert not [link for link in links if not (page.parent / link).is_file()]
    assert "http" not in re.sub(r"<!doctype.*?>", "", html)
    with Image.open(next((page.parent / "photos").iterdir())) as small:
        assert max(small.size) <= 320
    assert "1,234" in html


def test_what_sellers_write_is_shown_and_never_run(tmp_path: Path) -> None:
    html = write_report(tmp_path, findings(None, judged())).read_text("utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;quoted&#34; {{ 7 * 7 }}" in html
    assert "Report on &lt;b&gt;shop" in html
    assert "no photo" in html


def test_the_figures_are_there_as_json(tmp_path: Path) -> None:
    write_report(tmp_path, findings(None, judged()))
    found = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert found["pairs"][0]["figures"] == pair_figures(judged())
    assert [row["retrieved"] for row in found["pairs"]] == [True, False]
    assert found["mistakes"]["false_positives"][0]["a"] == "a1"
    assert set(found["curves"]) == {"precision_recall", "roc", "threshold", "reliability"}
    assert found["mistakes"]["false_negatives"][0]["similarities"] == {"image": 0.3, "text": 0.3}


def test_a_photo_that_cannot_be_read_and_no_mistakes(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    assert "no photo" in write_report(tmp_path / "1", findings(broken, judged())).read_text("utf-8")
    perfect = judged(duplicate=CHANCES >= 0.5)
    assert write_report(tmp_path / "2", findings(None, perfect)).read_text("utf-8").count("None.") == 2


@pytest.mark.parametrize(
    ("value", "text"), [(0.12345, "0.123"), (1.0, "1.000"), (1234, "1,234"), (None, "–"), (0, "0")]
)
def test_figures_as_shown(value: float | None, text: str) -> None:
    assert shown(value) == text
