"""How common words are: counted for many titles at once as title by title."""

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from workers.index.tokens.words import TITLE_END, words_of, words_of_all
from workers.index.vocabulary import Vocabulary

TITLES = st.text("ab1 .,_-Σเ\u0301\n", max_size=20)
CHANGES = st.lists(st.dictionaries(st.integers(0, 5), TITLES, max_size=6), max_size=5)


@given(st.lists(TITLES))
def test_words_of_many_titles_are_those_of_each(titles: list[str]) -> None:
    assert words_of_all(titles) == [word for title in titles for word in [*words_of(title), TITLE_END]]


@given(CHANGES)
def test_a_word_is_counted_once_for_each_title_that_holds_it_now(changes: list[dict[int, str]]) -> None:
    counted, titles = Vocabulary(), dict[int, str]()
    for changed in changes:
        counted.upsert(list(changed), list(changed.values()))
        titles |= changed
    holders = Counter(word for title in titles.values() for word in set(words_of(title)))
    assert len(counted) == len(titles)
    for word in ["absent", TITLE_END, *holders]:
        assert counted.rarity(word) == math.log((1 + len(titles)) / (1 + holders[word])) + 1
