"""A second submission changes what surrounds the first one's listings: their pairs are decided again."""

from pathlib import Path

import numpy as np
import pytest

from shared.messages import JobOptions, Listing
from shared.titles import normalise_title
from workers.encoder.ngram_model import NgramModel
from workers.index.arrival import Arrival
from workers.index.catalog import Catalog
from workers.index.catalogs import Catalogs
from workers.index.classifiers import Classifiers
from workers.index.faiss_index import FaissIndex
from workers.index.keys import keys_of
from workers.index.matcher import Matcher, Outcome
from workers.index.store.pairs import ScoredPair
from workers.index.tfidf_index import TfidfIndex

OPTIONS = JobOptions(catalog="shop")
FIRST = [f"{maker} {thing} {size} ml" for maker in ("Acme", "Bolt", "Cura", "Dora", "Elan") for thing in
         ("shampoo rose", "soap mint", "lotion aloe", "tea green") for size in (100, 250, 400)]  # fmt: skip
SECOND = [title.replace("Acme", "Acme new") for title in FIRST if title.startswith("Acme")]


@pytest.fixture
def matcher() -> Matcher:
    return Matcher(Classifiers.load(Path(__file__).parents[2] / "artifacts"), pair_floor=0.0)


def submit(catalog: Catalog, job: str, titles: list[str], sequence: int) -> np.ndarray:
    model = NgramModel("ngrams-v1")
    listings = {row: Listing(id=f"{job}-{row:02}", title=title) for row, title in enumerate(titles, 1)}
    texts = [normalise_title(title) for title in titles]
    vectors = model.forward([model.prepare(text) for text in texts]).astype("<f2")
    held = {row: vector.tobytes() for row, vector in zip(listings, vectors, strict=True)}
    models = {"text": (model.name, model.dim)}
    catalog.ingest(job, "0", sequence, Arrival(listings, {}, models, {"text": held}))
    return keys_of(catalog.jobs.listings(job))


def keep(catalog: Catalog, outcome: Outcome) -> None:
    catalog.pairs.put([ScoredPair(p.a, p.b, p.probability, p.verdict) for p in outcome.kept])


def chances(*outcomes: Outcome) -> dict[tuple[str, str], float]:
    return {(pair.a, pair.b): pair.probability for outcome in outcomes for pair in outcome.kept}


def test_pairs_whose_surroundings_changed_are_decided_as_if_all_had_come_at_once(
    tmp_path: Path, matcher: Matcher
) -> None:
    catalog = Catalogs(tmp_path, FaissIndex, TfidfIndex, most_open=2).get_or_create("shop")
    first = submit(catalog, "a", FIRST, 0)
    before = matcher.match_within(catalog, first, OPTIONS, None)
    keep(catalog, before)
    second = submit(catalog, "b", SECOND, 1)
    again = chances(*matcher.match_again(catalog, second, OPTIONS, "b"))
    everything = np.concatenate([first, second])
    at_once = chances(matcher.match_within(catalog, everything, OPTIONS, None))
    assert not any(listing.startswith("b-") for pair in again for listing in pair)
    # The others are no candidates any more: nearer ones have come between.
    still = again.keys() & at_once.keys()
    assert len(still) > len(again) / 2
    assert {pair: again[pair] for pair in still} == {pair: at_once[pair] for pair in still}
    assert any(chances(before)[pair] != chance for pair, chance in again.items())
    catalog.database.close()


def test_a_job_that_is_the_whole_catalog_has_no_others(tmp_path: Path) -> None:
    catalog = Catalogs(tmp_path, FaissIndex, TfidfIndex, most_open=2).get_or_create("shop")
    submit(catalog, "a", FIRST, 0)
    assert catalog.jobs.covers_catalog("a")
    submit(catalog, "b", SECOND, 1)
    assert not catalog.jobs.covers_catalog("b")
    # What was said before the second submission holds no longer.
    assert not catalog.jobs.covers_catalog("a")
    catalog.database.close()


def test_a_job_that_is_the_whole_catalog_finds_among_itself_what_it_finds_without_limit(
    tmp_path: Path, matcher: Matcher
) -> None:
    catalog = Catalogs(tmp_path, FaissIndex, TfidfIndex, most_open=2).get_or_create("shop")
    keys = submit(catalog, "a", FIRST, 0)
    assert catalog.jobs.keys("a").tolist() == keys.tolist()
    among = matcher.match_within(catalog, keys, OPTIONS, keys)
    assert among.kept
    assert among == matcher.match_within(catalog, keys, OPTIONS, None)
    catalog.jobs.add_row("a", "b-00", 99)
    assert catalog.jobs.keys("a").tolist() == [*keys.tolist(), *keys_of(["b-00"]).tolist()]
    catalog.database.close()


def test_no_listings_have_no_pairs(tmp_path: Path, matcher: Matcher) -> None:
    catalog = Catalogs(tmp_path, FaissIndex, TfidfIndex, most_open=2).get_or_create("shop")
    assert matcher.match_within(catalog, np.empty(0, np.int64), OPTIONS, None) == Outcome([], [])
    catalog.database.close()
