"""The classifier: evidence adds up, verdicts follow, artifacts are checked."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from shared.errors import ArtifactError
from shared.messages import Conflict
from shared.precision import with_precision
from tests.pairs import measured_pairs
from workers.index.classifier import Classifier, Regression, SituationModel, Term, load_classifier
from workers.index.classifiers import Calibration, Classifiers
from workers.index.features import SITUATIONS, Situation, names_of
from workers.index.scoring import Measurements
from workers.index.verdicts import Decided, decide, evidence_of

RED_BLUE = Conflict(kind="colour", a="red", b="blue")


def regression(situation: Situation, intercept: float = 0.0, **slopes: float) -> Regression:
    terms = tuple(Term(name=name, slopes=(slopes.get(name, 0.0),)) for name in names_of(situation, "alone"))
    return Regression(intercept=intercept, terms=terms)


def model(situation: Situation = "image_text", **slopes: float) -> SituationModel:
    return SituationModel(
        duplicate=regression(situation, -5.0, image_sim=10.0, **slopes),
        related=regression(situation, -2.0, image_sim=10.0),
        threshold=0.6,
        related_threshold=0.5,
    )


def measured(image_sim: float = 0.9, conflict: Conflict | None = None, **values: float) -> Measurements:
    values["image_sim"] = image_sim
    features = [values.get(name, 0.0) for name in names_of("image_text", "alone")]
    return measured_pairs("image_text", np.array([[image_sim, 0.5]]), np.array([features]), (conflict,))


def test_evidence_adds_up_to_the_log_odds() -> None:
    term = Term(name="image_sim", slopes=(2.0, 3.0, -1.0), knots=(0.4, 0.8), centre=0.7)
    fitted = regression("image_text", -1.25, text_sim=1.5, colour_conflict=-4.0)
    fitted = fitted.model_copy(update={"terms": (term, *fitted.terms[1:])})
    situation = model().model_copy(update={"duplicate": fitted})
    pair = measured(0.9, text_sim=0.3, colour_conflict=1.0)
    chance = decide(pair, {"image_text": situation}, None)[0].probability
    total = sum(part["contribution"] for part in evidence_of(pair[0], {"image_text": situation}).values())
    assert total == pytest.approx(math.log(chance / (1 - chance)), abs=1e-6)


def test_term_is_piecewise_linear() -> None:
    term = Term(name="x", slopes=(1.0, 2.0), knots=(0.5,), centre=0.25)
    assert term.apply(np.array([0.0, 0.5, 1.0])).tolist() == [-0.25, 0.25, 1.75]
    assert (term.slope_at(0.2), term.slope_at(0.7)) == (1.0, 3.0)


@pytest.mark.parametrize(
    ("image_sim", "conflict", "threshold", "verdict"),
    [
        (0.9, None, None, "duplicate"),
        (0.9, None, 0.999, "variant"),
        (0.4, RED_BLUE, None, "variant"),
        (0.4, None, None, "different"),
        (0.1, RED_BLUE, None, "different"),
        (0.4, None, 0.2, "duplicate"),
    ],
)
def test_verdict_follows_probabilities_and_conflicts(
    image_sim: float, conflict: Conflict | None, threshold: float | None, verdict: str
) -> None:
    decided = decide(measured(image_sim, conflict), {"image_text": model()}, threshold)[0]
    assert decided.verdict == verdict
    assert decided.threshold == (0.6 if threshold is None else threshold)
    assert decided.calibrated


@pytest.mark.parametrize(
    ("image_sim", "conflict", "verdict"),
    [(0.9, None, "duplicate"), (0.9, RED_BLUE, "variant"), (0.2, None, "different")],
)
def test_fused_similarity_decides_when_nothing_was_calibrated(
    image_sim: float, conflict: Conflict | None, verdict: str
) -> None:
    decided = decide(measured(image_sim, conflict), {}, None)[0]
    assert (decided.verdict, decided.calibrated) == (verdict, False)
    assert decided.probability == pytest.approx((image_sim + 0.5) / 2)


def test_nothing_is_decided_when_there_is_nothing_to_compare() -> None:
    nothing = measured_pairs(None, np.array([[np.nan, np.nan]]))
    assert decide(nothing, {}, None)[0] == Decided("different", 0.0, 0.5, calibrated=False)


def test_probability_does_not_depend_on_the_batch() -> None:
    rng = np.random.default_rng(1)
    sims, models = rng.random((257, 2)), {"image_text": model(text_sim=1.3)}
    values = np.concatenate([measured(x, text_sim=y).matrices["image_text"][1] for x, y in sims.tolist()])
    together = decide(measured_pairs("image_text", sims, values), models, None)
    alone = [
        decide(measured_pairs("image_text", sims[[i]], values[[i]]), models, None)[0] for i in range(257)
    ]
    assert [together[i] for i in range(257)] == alone


def classifier(**models: str) -> Classifier:
    situations = {situation: model(situation) for situation in SITUATIONS if situation != "text_only"}
    return Classifier(profile="p", models=models, regressions={"alone": situations})


def test_classifier_survives_being_written(tmp_path: Path) -> None:
    made = classifier(image="i", text="t")
    path = tmp_path / "p" / "classifier.json"
    path.parent.mkdir()
    path.write_text(made.model_dump_json())
    assert load_classifier(path) == made
    assert Classifiers.load(tmp_path).choose({"image": "i"}) == made


def test_classifier_is_chosen_by_all_models_in_use() -> None:
    chosen = Classifiers([Calibration(classifier(image="i", text="t"), None)])
    assert chosen.choose({"text": "t"}) is not None
    assert chosen.choose({"image": "i", "text": "other"}) is None
    assert chosen.choose({}) is None


@pytest.mark.parametrize("calibrated", ["i", with_precision("i", "bfloat16")])
def test_classifier_serves_its_models_in_every_precision(calibrated: str) -> None:
    chosen = Classifiers([Calibration(classifier(image=calibrated), None)])
    assert chosen.choose({"image": "i"}) is not None
    assert chosen.choose({"image": with_precision("i", "bfloat16")}) is not None
    assert chosen.choose({"image": with_precision("j", "bfloat16")}) is None


def test_classifier_with_other_features_is_refused(tmp_path: Path) -> None:
    document = json.loads(classifier(image="i").model_dump_json())
    document["regressions"]["alone"]["image_text"]["duplicate"]["terms"][0]["name"] = "shoe_size"
    path = tmp_path / "classifier.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match="calibrate anew"):
        load_classifier(path)


def test_file_that_is_no_classifier_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "classifier.json"
    path.write_text("{}")
    with pytest.raises(ArtifactError, match="not a classifier"):
        load_classifier(path)
