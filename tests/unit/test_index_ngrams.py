"""What titles are compared by."""

import pytest

from workers.index.ngrams import FEATURES, count_ngrams, parts_of


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
