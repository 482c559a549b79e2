"""The engines that `benchmarks.lexical` compares, under one interface."""

import importlib.util
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from workers.index.ngrams import count_ngrams
from workers.index.tfidf_index import TfidfIndex


class Engine(Protocol):
    """Finds titles that look like a title; listings are known by a number."""

    def upsert(self, numbers: Sequence[int], titles: Sequence[str]) -> None:
        """Add titles, replacing those under the same numbers."""

    def delete(self, numbers: Sequence[int]) -> None:
        """Remove titles."""

    def search(self, titles: Sequence[str], k: int) -> list[list[int]]:
        """Return the numbers of the k best of each title, or more where several tie with the k-th."""


class Tfidf:
    """The index worker's own."""

    def __init__(self) -> None:
        self._index = TfidfIndex()

    def upsert(self, numbers: Sequence[int], titles: Sequence[str]) -> None:
        """Add the titles' rows."""
        self._index.upsert(np.array(numbers, np.int64), count_ngrams(titles))

    def delete(self, numbers: Sequence[int]) -> None:
        """Remove the rows."""
        self._index.delete(np.array(numbers, np.int64))

    def search(self, titles: Sequence[str], k: int) -> list[list[int]]:
        """Search 256 at a time, as the index worker does."""
        found: list[list[int]] = []
        for start in range(0, len(titles), 256):
            rows = count_ngrams(titles[start : start + 256])
            found += [near.keys.tolist() for near in self._index.search(rows, k)]
        return found


class Fts5:
    """SQLite's full-text search with its trigram tokenizer and BM25, in memory."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute("CREATE VIRTUAL TABLE listings USING fts5(title, tokenize='trigram')")

    def upsert(self, numbers: Sequence[int], titles: Sequence[str]) -> None:
        """Replace the rows."""
        self.delete(numbers)
        self._database.executemany(
            "INSERT INTO listings(rowid, title) VALUES (?, ?)", zip(numbers, titles, strict=True)
        )
        self._database.commit()

    def delete(self, numbers: Sequence[int]) -> None:
        """Delete the rows."""
        self._database.executemany("DELETE FROM listings WHERE rowid = ?", [(number,) for number in numbers])
        self._database.commit()

    def search(self, titles: Sequence[str], k: int) -> list[list[int]]:
        """Ask for any of the title's trigrams, best first."""
        sql = "SELECT rowid FROM listings WHERE listings MATCH ? ORDER BY rank LIMIT ?"
        found = []
        for title in titles:
            trigrams = {title[i : i + 3].replace('"', '""') for i in range(len(title) - 2)}
            any_of = " OR ".join(f'"{trigram}"' for trigram in sorted(trigrams))
            found.append([row[0] for row in self._database.execute(sql, (any_of, k))] if any_of else [])
        return found


class Tantivy:
    """Tantivy (BM25, block-max WAND) on the same parts of titles as our own index, in memory."""

    def __init__(self) -> None:
        # Not a requirement: it is measured where it is installed.
        self._tantivy: Any = importlib.import_module("tantivy")
        builder = self._tantivy.SchemaBuilder()
        builder.add_integer_field("number", stored=True, indexed=True)
        builder.add_text_field("parts", tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = self._tantivy.Index(self._schema)
        self._writer = self._index.writer(heap_size=64_000_000, num_threads=1)

    def upsert(self, numbers: Sequence[int], titles: Sequence[str]) -> None:
        """Replace the documents and make the change visible."""
        for number, title in zip(numbers, titles, strict=True):
            self._writer.delete_documents("number", number)
            document = self._tantivy.Document(number=number, parts=" ".join(_words(title)))
            self._writer.add_document(document)
        self._commit()

    def delete(self, numbers: Sequence[int]) -> None:
        """Delete the documents and make the change visible."""
        for number in numbers:
            self._writer.delete_documents("number", number)
        self._commit()

    def search(self, titles: Sequence[str], k: int) -> list[list[int]]:
        """Ask for any of the title's parts."""
        searcher, query = self._index.searcher(), self._tantivy.Query
        found = []
        for title in titles:
            terms = [query.term_query(self._schema, "parts", word) for word in sorted(_words(title))]
            any_of = query.boolean_query([(self._tantivy.Occur.Should, term) for term in terms])
            hits = searcher.search(any_of, k).hits
            found.append([searcher.doc(address)["number"][0] for _, address in hits])
        return found

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()


def engines() -> dict[str, Callable[[], Engine]]:
    """Return the engines that are installed, by name."""
    found: dict[str, Callable[[], Engine]] = {"tfidf": Tfidf, "sqlite_fts5_trigram": Fts5}
    if importlib.util.find_spec("tantivy"):
        found["tantivy"] = Tantivy
    return found


def _words(title: str) -> set[str]:
    return {str(column) for column in count_ngrams([title]).indices.tolist()}
