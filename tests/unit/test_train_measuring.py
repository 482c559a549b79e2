"""Candidates, retrieval and the notebook's protocol, on a shop small enough to see through."""

from pathlib import Path

import numpy as np
import pytest

from shared.errors import ArtifactError
from shared.messages import Listing
from shared.profile import load_profile
from shared.settings import EncoderSettings
from tests.pairs import measured_pairs
from tests.support import jpeg
from workers.encoder.models import build_encoders
from workers.trainer.datasets.labelled import LabelledCatalog
from workers.trainer.embedding import Embeddings, embed
from workers.trainer.train.candidates import Candidates
from workers.trainer.train.embedding_files import build_index, load_embeddings, save_embeddings
from workers.trainer.train.notebook import fit_notebook, three_similarities
from workers.trainer.train.retrieval import retrieval_figures
from workers.trainer.train.source import Source

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
WORDS = ("teapot", "saddle", "lantern", "violin", "anchor", "ladder")


def shop(folder: Path) -> tuple[LabelledCatalog, Embeddings]:
    """Six products of two listings each: the same photo, one word in common; one listing has nothing."""
    listings, groups = [], {}
    for number, word in enumerate(WORDS):
        (folder / f"{number}.jpg").write_bytes(jpeg(number))
        for side, more in (("a", "new"), ("b", "sale")):
            listing = Listing(id=f"{number}{side}", title=f"{word} {more}", image=f"{number}.jpg")
            listings.append(listing)
            groups[listing.id] = word
    listings.append(Listing(id="empty"))
    groups["empty"] = "teapot"
    data = LabelledCatalog("six", tuple(listings), folder, groups, {})
    profile, where = load_profile("deterministic", ARTIFACTS)
    return data, embed(listings, folder, build_encoders(profile, where, EncoderSettings()))


def test_candidates_are_those_of_an_index_worker(tmp_path: Path) -> None:
    data, embeddings = shop(tmp_path)
    source = Source(data, embeddings, None, k=1)
    with source.open(("image", "text")) as opened:
        pairs = source.pairs(opened)
        assert {(f"{n}a", f"{n}b") for n in range(6)} <= set(pairs)
        assert all(a < b for a, b in pairs)
        assert opened.known([("0a", "0b"), ("0a", "empty")]) == [("0a", "0b")]
        measured = opened.measure([("0a", "0b"), ("0a", "5b")])
        assert [pair.situation for pair in measured] == ["image_text"] * 2
        assert measured[0].image_sim == 1.0
        assert float(measured[0].text_sim or 0) > float(measured[1].text_sim or 0)
        assert source.labels([("0a", "0b"), ("0a", "5b")]).tolist() == [True, False]
    with source.open(("text",)) as opened:
        bare = opened.measure([("0a", "0b")])[0]
        assert (bare.situation, bare.image_sim) == ("text_only", None)


def test_two_tables_are_matched_from_left_to_right(tmp_path: Path) -> None:
    data, embeddings = shop(tmp_path)
    left, right = data.listings[0:12:2], data.listings[1:12:2]
    with Candidates(tmp_path / "catalogs", [left, right], embeddings, ("text",), None) as opened:
        pairs = opened.retrieved(2)
        assert all(a.endswith("a") and b.endswith("b") for a, b in pairs)
        ranked = opened.ranked(6)["text"]
        assert {query: found[0] for query, found in ranked.items()} == {f"{n}a": f"{n}b" for n in range(6)}


def test_retrieval_of_each_channel_and_of_all(tmp_path: Path) -> None:
    data, embeddings = shop(tmp_path)
    source = Source(data, embeddings, None, k=3)
    relevant = {listing: others - {"empty"} for listing, others in source.relevant().items()} | {
        "empty": set()
    }
    with source.open(("image", "text")) as opened:
        found = retrieval_figures(opened, relevant, None)
        assert set(found) == {"image", "text", "lexical", "union"}
        assert found["image"]["recall@1"] == found["image"]["map"] == found["union"]["map"] == 1.0
        lost = retrieval_figures(opened, relevant | {"0a": {"empty"}}, {"0a"})
        assert lost["union"]["recall@50"] == lost["union"]["map"] == 0.0
    with source.open(("image",)) as opened:
        assert set(retrieval_figures(opened, relevant, None)) == {"image"}


def test_the_notebook_learns_from_three_similarities() -> None:
    rng = np.random.default_rng(4)
    duplicate = np.arange(400) % 2 == 0
    measured = measured_pairs(None, rng.normal(np.where(duplicate, 0.8, 0.2)[:, None], 0.1, (400, 2)))
    pairs = [(f"a{i}", f"b{i}") for i in range(400)]
    fitted, quarter = fit_notebook(pairs, measured, duplicate, 42)
    assert len(quarter.ids) == 100
    assert quarter.duplicate.sum() == 50
    assert (quarter.called == quarter.duplicate).mean() > 0.98
    again = fitted.judge(pairs, measured, duplicate)
    assert {
        ids: chance for ids, chance in zip(again.ids, again.chances, strict=True) if ids in quarter.ids
    } == (dict(zip(quarter.ids, quarter.chances, strict=True)))


def test_a_missing_side_counts_as_nothing_in_common() -> None:
    sims = np.array([[np.nan, 0.6], [0.4, 0.8], [np.nan, np.nan]])
    assert three_similarities(measured_pairs(None, sims)).tolist() == [
        [0.0, 0.6, 0.6],
        [0.4, 0.8, pytest.approx(0.6)],
        [0.0, 0.0, 0.0],
    ]


def test_saved_embeddings_are_the_same_and_become_an_index(tmp_path: Path) -> None:
    data, embeddings = shop(tmp_path)
    save_embeddings(tmp_path / "saved", data.listings, data.groups, embeddings)
    again = load_embeddings(tmp_path / "saved")
    assert (again.models, again.vectors) == (embeddings.models, embeddings.vectors)
    index = build_index(again, "text")
    query = np.frombuffer(embeddings.vectors["text"]["3a"], "<f2").astype(np.float32)[None]
    assert index.search(query, 1)[0].scores[0] == pytest.approx(1.0, abs=1e-3)


def test_embeddings_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    data, embeddings = shop(tmp_path)
    with pytest.raises(ArtifactError, match="holds no embeddings"):
        load_embeddings(tmp_path)
    save_embeddings(tmp_path / "saved", data.listings, data.groups, embeddings)
    np.save(tmp_path / "saved" / "text.npy", np.zeros((2, 256), "<f2"))
    with pytest.raises(ArtifactError, match="does not fit"):
        load_embeddings(tmp_path / "saved")
