"""Artifacts with any value at any place: refused when they are loaded, or fit for use."""

import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import ArtifactError
from shared.profile import load_profile
from workers.index.background import load_background
from workers.index.classifier import load_classifier

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
some = settings(
    deadline=None,
    derandomize=True,
    max_examples=200,
    # The one file is written anew for each example.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["NaN", "Infinity", "1e400", "", "../../etc/passwd"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to every value but those of the report, which nobody computes with."""
    if path:
        yield path
    keys = (
        document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    )
    for key in keys:
        if key != "report":
            yield from places(document[key], (*path, key))


def changed(document: Any, path: tuple[Any, ...], data: st.DataObject) -> Any:
    """Return the document with the value at a place gone, doubled, emptied, or another."""
    document = copy.deepcopy(document)
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    how = data.draw(st.sampled_from(["gone", "doubled", "another", "emptied"]))
    if how == "gone":
        del parent[path[-1]]
    elif how == "doubled" and isinstance(parent, list):
        parent.append(parent[path[-1]])
    elif how == "emptied" and isinstance(parent[path[-1]], list | dict):
        parent[path[-1]].clear()
    else:
        parent[path[-1]] = data.draw(VALUES)
    return document


CLASSIFIER = json.loads((ARTIFACTS / "deterministic" / "classifier.json").read_bytes())
# One place of each kind and depth is as good as another: most are slopes and knots.
CLASSIFIER_PLACES = sorted(places(CLASSIFIER), key=lambda path: (len(path), str(path)))
PROFILE = json.loads((ARTIFACTS / "bundled" / "profile.json").read_bytes())


@given(st.data())
@some
def test_a_changed_classifier_is_refused_or_computes(tmp_path: Path, data: st.DataObject) -> None:
    depth = data.draw(st.sampled_from(sorted({len(path) for path in CLASSIFIER_PLACES})))
    path = data.draw(st.sampled_from([path for path in CLASSIFIER_PLACES if len(path) == depth]))
    file = tmp_path / "classifier.json"
    file.write_text(json.dumps(changed(CLASSIFIER, path, data)))
    try:
        classifier = load_classifier(file)
    except ArtifactError:
        return
    for models in classifier.regressions.values():
        for model in models.values():
            for regression in (model.duplicate, model.related):
                # Odds may be beyond what a float holds; the chance is 0 or 1 then.
                with np.errstate(over="ignore"):
                    chances = regression.probabilities(np.full((2, len(regression.terms)), 0.5))
                assert ((chances >= 0) & (chances <= 1)).all()


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
@some
def test_other_bytes_are_no_artifact(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "any.json"
    file.write_bytes(content)
    with pytest.raises(ArtifactError):
        load_classifier(file)
    with pytest.raises(ArtifactError):
        load_profile(str(file), ARTIFACTS)


@given(st.data())
@some
def test_a_changed_profile_is_refused_or_a_profile(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "profile.json"
    file.write_text(json.dumps(changed(PROFILE, data.draw(st.sampled_from(list(places(PROFILE)))), data)))
    try:
        profile, folder = load_profile(str(file), ARTIFACTS)
    except ArtifactError:
        return
    assert (profile.image.dim > 0, profile.text.dim > 0, folder) == (True, True, tmp_path)


@pytest.mark.parametrize("name", ["missing", "../..", ".", "no\0name", "a/b.json"])
def test_a_name_that_leads_to_no_profile_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.json").mkdir()
    for asked in (name, str(tmp_path / "folder.json")):
        with pytest.raises(ArtifactError):
            load_profile(asked, tmp_path)


@given(st.integers(0, 191), st.binary(min_size=1, max_size=4), st.booleans())
@some
def test_a_damaged_background_is_refused(tmp_path: Path, at: int, damage: bytes, told: bool) -> None:
    file = tmp_path / "background.npy"
    np.save(file, np.ones((4, 8), np.float16))
    content = file.read_bytes()
    damaged = content[:at] + damage + content[at + len(damage) :]
    file.write_bytes(damaged)
    digest = hashlib.sha256(damaged if told else content).hexdigest()
    try:
        background = load_background(file, digest, 8)
    except ArtifactError:
        return
    assert damaged == content or told
    assert background.biases(np.ones((2, 8), np.float32)).shape == (2,)


@pytest.mark.parametrize("array", [np.full((4, 8), "a"), np.ones((4, 8), np.float32), np.ones(8, np.float16)])
def test_an_array_of_something_else_is_no_background(tmp_path: Path, array: np.ndarray) -> None:
    file = tmp_path / "background.npy"
    np.save(file, array)
    with pytest.raises(ArtifactError, match=r"expected \(photos, 8\) of float16"):
        load_background(file, hashlib.sha256(file.read_bytes()).hexdigest(), 8)
    np.savez(file.with_suffix(".npz"), array)
    content = file.with_suffix(".npz").read_bytes()
    with pytest.raises(ArtifactError, match="not a background"):
        load_background(file.with_suffix(".npz"), hashlib.sha256(content).hexdigest(), 8)


def test_a_background_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "background.npy"
    np.save(file, np.full((4, 8), np.nan, np.float16))
    with pytest.raises(ArtifactError, match="not finite"):
        load_background(file, hashlib.sha256(file.read_bytes()).hexdigest(), 8)
