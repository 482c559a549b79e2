"""What titles are compared by."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer

from workers.index.ngrams import FEATURES, count_ngrams

# To Python's \w a vowel sign of Thai or Hindi is no part of a word; it would cut the word in two.
MARKS = "".join(mark for mark in map(chr, range(0x10000)) if unicodedata.category(mark)[0] == "M")
WORD = re.compile(rf"[^\W_{MARKS}][\w{MARKS}]*")


def parts_of(title: str) -> Iterator[str]:
    """Yield what a title is compared by, one after the other; the index worker hashes all at once."""
    words = WORD.findall(title.lower().replace("_", " "))
    for word in words:
        edged = f" {word} "
        for start in range(len(edged) - 2):
            yield edged[start : start + 3]
        if re.search(r"\d", word):
            yield f"={word}"
    for first, second in pairwise(words):
        yield f"={first}{second}"


def test_trigrams_know_the_edges_of_words() -> None:
    assert list(parts_of("Mug")) == [" mu", "mug", "ug "]
    assert list(parts_of("a")) == [" a "]


def test_a_spaced_model_code_shares_a_word_with_the_same_code_in_one() -> None:
    assert "=mx510" in set(parts_of("Logitech MX 510")) & set(parts_of("logitech MX510 mouse"))
    assert "=mx510" not in set(parts_of("Logitech MX 512"))


def test_only_words_with_a_digit_stand_whole() -> None:
    assert [part for part in parts_of("mug") if part.startswith("=")] == []
    assert [part for part in parts_of("350ml") if part.startswith("=")] == ["=350ml"]


@pytest.mark.parametrize("separator", [" ", "-", "_", " / ", "(", "…"])
def test_signs_only_separate(separator: str) -> None:
    assert list(parts_of(f"usb{separator}hub")) == list(parts_of("usb hub"))


@pytest.mark.parametrize("word", ["เสื้อยืด", "हिन्दी", "cafe\u0301"])
def test_a_mark_does_not_cut_a_word(word: str) -> None:
    assert f"={word}x" in set(parts_of(f"{word} x"))


@pytest.mark.parametrize("title", ["", " ", "!!! ---", "___"])
def test_a_title_without_words_gives_an_empty_row(title: str) -> None:
    assert list(parts_of(title)) == []
    assert count_ngrams([title]).nnz == 0


def test_rows_hold_ones_in_sorted_columns() -> None:
    rows = count_ngrams(["red red mug", "", "blue mug 300 ml"])
    assert rows.shape == (3, FEATURES)
    assert set(rows.data.tolist()) == {1.0}
    assert rows.has_sorted_indices
    assert rows[0].nnz == len(set(parts_of("red red mug")))


HASHED = HashingVectorizer(
    analyzer=parts_of, n_features=FEATURES, binary=True, norm=None, alternate_sign=False, dtype=np.float64
)
# Letters of one to four bytes, digits, marks at the start and in the midst, signs, halves of surrogate pairs.
ODD = "aZ3 ß_İΣ٣½²เสื้\u0301हि日𝒜𝟙😀\ud800\U00011001\n\0-="


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(ODD, max_size=40), st.text(max_size=40))))
def test_columns_are_those_of_the_parts_hashed_one_by_one(titles: list[str]) -> None:
    assert_same_columns(titles)


def test_many_titles_and_long_ones_are_hashed_as_few_short_ones() -> None:
    draw = np.random.default_rng(0)
    letters = np.array(list("ab1 日"))
    assert_same_columns(["".join(draw.choice(letters, size)) for size in draw.integers(0, 60, 2000)])
    assert_same_columns(["x" * 5000, "", "日" * 3001 + "7"])


def assert_same_columns(titles: list[str]) -> None:
    rows = count_ngrams(titles)
    assert rows.shape == (len(titles), FEATURES)
    if titles:
        hashed = HASHED.transform(titles)
        hashed.sort_indices()
        assert rows.indptr.tolist() == hashed.indptr.tolist()
        assert rows.indices.tolist() == hashed.indices.tolist()
    assert rows.data.tolist() == [1.0] * rows.nnz
