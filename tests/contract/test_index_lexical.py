"""The lexical index gives the ids and scores of a dense TF-IDF computed by hand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.lexical import DATA, recall
from benchmarks.lexical_engines import Tfidf
from workers.index.arrays import most_ties
from workers.index.ngrams import count_ngrams
from workers.index.tfidf_index import TfidfIndex

WORDS = ["red", "blue", "shirt", "cotton", "mug", "white", "300", "ml", "desk", "lamp", "warm", "light"]
WORDS += ["case", "slim", "phone"]
TITLES = [" ".join(WORDS[(i * j + j) % len(WORDS)] for j in range(1, 5)) for i in range(40)]


def grams(title: str) -> set[str]:
    words = title.lower().split()
    edged = [f" {word} " for word in words]
    trigrams = {word[i : i + 3] for word in edged for i in range(len(word) - 2)}
    numbers = {f"={word}" for word in words if any(char.isdigit() for char in word)}
    return trigrams | numbers | {f"={a}{b}" for a, b in pairwise(words)}


def expected(titles: dict[int, str], query: str, k: int) -> list[tuple[int, float]]:
    held = {key: grams(title) for key, title in titles.items()}

    def rarity(gram: str) -> float:
        return float(np.log((1 + len(held)) / (1 + sum(gram in other for other in held.values()))) + 1)

    def norm(found: set[str]) -> float:
        return float(np.sqrt(sum(rarity(gram) ** 2 for gram in found)))

    asked = grams(query)
    scores = {
        key: round(sum(rarity(g) ** 2 for g in asked & found) / (norm(asked) * norm(found)), 6)
        for key, found in held.items()
        if asked & found
    }
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [item for item in ranked if item[1] >= ranked[min(k, len(ranked)) - 1][1]][: most_ties(k)]


def filled(titles: dict[int, str]) -> TfidfIndex:
    index = TfidfIndex()
    index.upsert(np.array(list(titles), np.int64), count_ngrams(list(titles.values())))
    return index


def found(index: TfidfIndex, query: str, k: int, among: list[int] | None = None) -> list[tuple[int, float]]:
    keys = None if among is None else np.array(among, np.int64)
    near = index.search(count_ngrams([query]), k, keys)[0]
    return [
        (key, round(score, 6)) for key, score in zip(near.keys.tolist(), near.scores.tolist(), strict=True)
    ]


@pytest.mark.parametrize("count", [0, 1, 2, 9, 10, 11, 40])
def test_search_agrees_with_a_dense_computation(count: int) -> None:
    titles = dict(enumerate(TITLES[:count], 100))
    for query in ("red cotton shirt", "mug 300 ml", TITLES[7]):
        assert found(filled(titles), query, 10) == expected(titles, query, 10) if titles else True


def test_nothing_is_found_when_nothing_is_shared() -> None:
    assert found(filled({1: "red shirt"}), "zzz qqq", 5) == []
    assert found(TfidfIndex(), "red shirt", 5) == []


def test_search_among_keeps_the_rarities_of_the_whole_catalog() -> None:
    index = filled(dict(enumerate(TITLES)))
    everything = dict(found(index, TITLES[3], 40))
    some = found(index, TITLES[3], 40, [1, 2, 3, 99])
    assert some
    assert all(everything[key] == score for key, score in some)
    assert {key for key, _ in some} <= {1, 2, 3}


def test_upsert_replaces_and_delete_removes() -> None:
    index = filled({1: "red shirt", 2: "blue mug", 3: "desk lamp"})
    index.upsert(np.array([2], np.int64), count_ngrams(["green chair"]))
    index.delete(np.array([3, 77], np.int64))
    assert found(index, "green chair", 5) == expected({1: "red shirt", 2: "green chair"}, "green chair", 5)


def test_empty_title_is_found_by_nothing_and_finds_nothing() -> None:
    index = filled({1: "", 2: "red shirt", 3: ""})
    assert found(index, "", 5) == []
    assert [key for key, _ in found(index, "red shirt", 5)] == [2]
    rows = index.rows(np.array([1, 2, 77], np.int64))
    assert index.similarities(rows, rows).tolist() == [0.0, 1.0, 0.0]


def test_ties_are_complete_and_in_order_of_key() -> None:
    index = filled(dict.fromkeys([5, 3, 9, 1, 30, 12, 40, 41, 42, 43, 44, 45, 46], "red shirt"))
    assert [key for key, _ in found(index, "red shirt", 2)] == [
        1,
        3,
        5,
        9,
        12,
        30,
        40,
        41,
        42,
        43,
        44,
        45,
        46,
    ]


def bounded(postings: int, largest_block: int = 100) -> TfidfIndex:
    index = TfidfIndex(largest_block, exact=0, postings=postings, compared=len(TITLES))
    for start in range(0, len(TITLES), 7):
        titles = dict(enumerate(TITLES[start : start + 7], start))
        index.upsert(np.array(list(titles), np.int64), count_ngrams(list(titles.values())))
    return index


@pytest.mark.parametrize("largest_block", [1, 8, 100])
def test_a_bounded_search_that_may_see_all_entries_is_exact(largest_block: int) -> None:
    index = bounded(10**6, largest_block)
    for query in ["red shirt", "white mug 300 ml", "phone case slim", "nothing alike"]:
        assert found(index, query, 5) == expected(dict(enumerate(TITLES)), query, 5)
        few = {key: TITLES[key] for key in range(0, len(TITLES), 3)}
        assert {key for key, _ in found(index, query, 3, list(few))} <= set(few)


def test_a_bounded_search_misses_what_shares_common_features_only_and_its_scores_are_exact() -> None:
    index, everything = bounded(1), expected(dict(enumerate(TITLES)), "red shirt", len(TITLES))
    near = found(index, "red shirt", len(TITLES))
    assert near[0] == everything[0]
    assert 0 < len(near) < len(everything)
    assert set(near) < set(everything)
    assert found(index, "", 3) == []


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(12)), st.integers(1, 5))
def test_scores_do_not_depend_on_the_order_of_arrival(order: list[int], part: int) -> None:
    index = TfidfIndex()
    for start in range(0, len(order), part):
        keys = order[start : start + part]
        index.upsert(np.array(keys, np.int64), count_ngrams([TITLES[key] for key in keys]))
    in_order = filled(dict(enumerate(TITLES[:12])))
    for query in TITLES[:3]:
        there, here = index.search(count_ngrams([query]), 4)[0], in_order.search(count_ngrams([query]), 4)[0]
        assert there.keys.tolist() == here.keys.tolist()
        assert there.scores.tolist() == here.scores.tolist()


def held_by(index: TfidfIndex, titles: dict[int, str]) -> list[tuple[list[int], list[float]]]:
    found = index.search(count_ngrams([*TITLES[:4], *titles.values()]), 3)
    return [(near.keys.tolist(), near.scores.tolist()) for near in found]


CHANGES = st.lists(
    st.tuples(st.booleans(), st.dictionaries(st.integers(0, 20), st.sampled_from(TITLES), max_size=8)),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(CHANGES, st.sampled_from([1, 3, 8, 1000]), st.booleans())
def test_results_do_not_depend_on_the_history(
    changes: list[tuple[bool, dict[int, str]]], largest_block: int, searched: bool
) -> None:
    index, titles = TfidfIndex(largest_block), dict[int, str]()
    for added, changed in changes:
        keys = np.array(list(changed), np.int64)
        if added:
            index.upsert(keys, count_ngrams(list(changed.values())))
            titles |= changed
        else:
            index.delete(keys)
            titles = {key: title for key, title in titles.items() if key not in changed}
        if searched:
            index.search(count_ngrams(TITLES[:1]), 3)
    assert held_by(index, titles) == held_by(filled(titles), titles)
    for query in TITLES[:2]:
        assert found(index, query, 3) == expected(titles, query, 3)
    keys = np.array([*titles, 99], np.int64)
    assert (index.rows(keys) != count_ngrams([*titles.values(), ""])).nnz == 0


@pytest.mark.parametrize("largest_block", [3, 8, 1000])
@pytest.mark.parametrize("part", [2, 5])
def test_an_index_filled_at_once_holds_what_one_filled_bit_by_bit_holds(
    largest_block: int, part: int
) -> None:
    titles, filled_at_once = dict(enumerate(TITLES)), TfidfIndex(largest_block)
    filled_at_once.fill(
        (np.arange(start, start + len(some)), count_ngrams(some))
        for start in range(0, len(TITLES), part)
        for some in [TITLES[start : start + part]]
    )
    assert held_by(filled_at_once, titles) == held_by(filled(titles), titles)
    keys = np.array([*titles, 99], np.int64)
    assert (filled_at_once.rows(keys) != count_ngrams([*TITLES, ""])).nnz == 0
    filled_at_once.upsert(np.array([0], np.int64), count_ngrams(["something else"]))
    changed = titles | {0: "something else"}
    assert held_by(filled_at_once, changed) == held_by(filled(changed), changed)
    TfidfIndex().fill([])


def test_of_thousands_of_ties_the_smallest_keys_are_found() -> None:
    keys = np.random.default_rng(0).permutation(5000).astype(np.int64)
    index = TfidfIndex()
    for part in np.array_split(keys, 3):
        index.upsert(part, count_ngrams(["red shirt"] * len(part)))
    assert index.search(count_ngrams(["red shirt"]), 5)[0].keys.tolist() == list(range(most_ties(5)))


def test_search_among_sees_changes() -> None:
    index, some = filled({1: "red shirt", 2: "red shirt", 3: "red shirt"}), [1, 2]
    assert [key for key, _ in found(index, "red shirt", 5, some)] == [1, 2]
    index.upsert(np.array([1], np.int64), count_ngrams(["blue mug"]))
    assert [key for key, _ in found(index, "red shirt", 5, some)] == [2]
    index.delete(np.array([2], np.int64))
    assert found(index, "red shirt", 5, some) == []
    assert [key for key, _ in found(index, "red shirt", 5)] == [3]


def test_threads_change_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = dict(enumerate(TITLES))
    alone = held_by(filled(titles), titles)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert held_by(filled(titles), titles) == alone


@pytest.mark.parametrize(("dataset", "least"), [("abt_buy", 0.997), ("amazon_google", 0.984)])
def test_labelled_matches_are_among_the_first_ten(dataset: str, least: float) -> None:
    if not (DATA / dataset).is_dir():
        pytest.skip(f"{DATA / dataset} is not there; DOPPEL_DATA says where it is")
    assert recall(Tfidf(), dataset) >= least
