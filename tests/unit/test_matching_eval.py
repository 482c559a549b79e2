"""The measuring of catalogs: same-photo variants, targets, and one catalog in any order."""

import json
from pathlib import Path

import pytest

from samples import chains
from shared.messages import Conflict, Pair
from shared.profile import load_profile
from shared.settings import EncoderSettings
from workers.encoder.models import build_encoders
from workers.index.classifiers import Classifiers
from workers.index.matcher import Matcher
from workers.index.store.pairs import ScoredPair
from workers.trainer.embedding import Embeddings
from workers.trainer.matching import grouping_methods
from workers.trainer.matching.__main__ import Part, run_parts, table
from workers.trainer.matching.catalogs import measured
from workers.trainer.matching.same_photo import named_rightly, same_photo_figures
from workers.trainer.matching.sample_catalog import SampleCatalog, sample_catalog
from workers.trainer.matching.targets import TARGETS, Target

ROOT = Path(__file__).parents[2]


def variant(*conflicts: tuple[str, str, str], b: str = "b", verdict: str = "variant") -> Pair:
    named = tuple(Conflict(kind=kind, a=one, b=other) for kind, one, other in conflicts)
    return Pair.model_validate({"a": "a", "b": b, "verdict": verdict, "probability": 0.1, "conflicts": named})


@pytest.mark.parametrize(
    ("conflict", "a", "b", "right"),
    [
        (("size", "500 ml", "1000 ml"), {"size": "500 ml"}, {"size": "1000 ml"}, True),
        (("size", "500 ml", "2000 ml"), {"size": "500 ml"}, {"size": "2 L"}, True),
        (("size", "500 ml", "1000 ml"), {"size": "1000 ml"}, {"size": "500 ml"}, False),
        (("number", "500 ml", "1000 ml"), {"size": "500 ml"}, {"size": "1000 ml"}, False),
        (("pack", "24 pcs", "4 pcs"), {"pack": "24"}, {"pack": "4"}, True),
        (("pack", "4 pcs", "2 pcs"), {"pack": "24"}, {"pack": "12"}, False),
        (("model", "k58", "k68"), {"model": "Kuma K58"}, {"model": "Kuma K68"}, True),
        (("model", "ax1008", "ax1009"), {"model": "AX-1008"}, {"model": "AX-1009"}, True),
        (
            ("colour", "navy", "pink"),
            {"colour": "navy", "size": "XL"},
            {"colour": "pink", "size": "XL"},
            True,
        ),
        (("colour", "navy", "pink"), {"size": "XL"}, {"colour": "pink"}, False),
    ],
)
def test_a_conflict_has_to_name_what_differs(
    conflict: tuple[str, str, str], a: dict[str, str], b: dict[str, str], right: bool
) -> None:
    assert named_rightly(variant(conflict), a, b) is right


def test_a_same_photo_pair_that_was_not_found_is_not_called_a_variant() -> None:
    sample = SampleCatalog(
        listings=(),
        embeddings=Embeddings(models={}, vectors={}),
        products={},
        stated={"a": {"pack": "1"}, "b": {"pack": "2"}, "c": {"pack": "3"}, "d": {"pack": "4"}},
        same_photo=(("a", "b"), ("a", "c"), ("a", "d"), ("c", "d")),
    )
    pairs = [
        variant(("pack", "1 pcs", "2 pcs")),
        variant(("pack", "1 pcs", "9 pcs"), b="c"),
        variant(b="d", verdict="duplicate"),
    ]
    assert same_photo_figures(sample, pairs) == {
        "same_photo_pairs": 4,
        "same_photo_called_duplicate": 0.25,
        "same_photo_called_variant": 0.25,
    }


def test_targets() -> None:
    figures = {"x": 0.5, "y": 0.2}
    assert Target("x", ">=", 0.5).met(figures) is True
    assert Target("x", ">", 0.5).met(figures) is False
    assert Target("x", "<=", "y", 2).met(figures) is False
    assert Target("x", ">", "y", 2).met(figures) is True
    assert Target("x", ">", "z").met(figures) is None
    name = TARGETS[0].figure
    assert "MISSED" in table({name: 0.0, "other": 1.0})
    assert "MISSED" not in table({name: 1.0, "other": 1.0})


def test_parts_are_merged_into_the_report_and_one_without_data_is_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "reports" / "eval.json"
    (tmp_path / "photos").mkdir()
    root = len(tmp_path.parts)

    def part(name: str, figures: dict[str, float], *needs: str) -> Part:
        return Part(name, lambda data, work: figures | {f"{name}_at": len((data / work).parts)}, needs)

    first, second = part("first", {"x": 1.0, "y": 1.0}), part("second", {"y": 2.0}, "photos")
    absent = part("absent", {"z": 3.0}, "photos", "pairs")
    assert run_parts([first, absent], tmp_path, tmp_path, report) == {"x": 1, "y": 1, "first_at": root}
    assert run_parts([second], tmp_path, tmp_path, report) == {"y": 2, "second_at": root}
    assert json.loads(report.read_text()) == {"x": 1, "y": 2, "first_at": root, "second_at": root}
    assert f"skipped absent: no pairs in {tmp_path}" in capsys.readouterr().out


def test_groups_of_a_small_chain_set_are_the_same_in_any_order(tmp_path: Path) -> None:
    encoders = build_encoders(*load_profile("deterministic", ROOT / "artifacts"), EncoderSettings())
    sample = sample_catalog(tmp_path, 90, 5, chains.plan, encoders)
    assert sample_catalog(tmp_path, 90, 5, chains.plan, encoders) == sample
    figures, run = measured("chains", sample, tmp_path / "index", Matcher(Classifiers(()), 0.05), 50)
    assert figures["same_in_any_order"] == 1
    assert figures["groups"] == len(run.groups) > 1
    assert figures["largest_group"] <= figures["largest_connected"]
    assert 0 < figures["b3_precision"] <= 1


def test_rival_methods_find_what_is_plain_and_keep_variants_apart() -> None:
    pairs = [
        ScoredPair("a", "b", 0.99, "duplicate"),
        ScoredPair("c", "d", 0.9, "duplicate"),
        ScoredPair("b", "c", 0.2, "variant"),
    ]
    for method in (
        grouping_methods.star,
        grouping_methods.greedy,
        grouping_methods.complete_link,
        grouping_methods.average_link,
        grouping_methods.correlation,
    ):
        assert method(pairs) == [("a", "b"), ("c", "d")]
    chain = [ScoredPair("a", "b", 0.9, "duplicate"), ScoredPair("b", "c", 0.9, "duplicate")]
    assert grouping_methods.connected(chain) == [("a", "b", "c")]
    assert grouping_methods.complete_link(chain) == [("a", "b")]
