"""Roughens a corpus: titles as shops write them that never saw one another's.

The titles of a sample catalog share most of their words. Between real catalogs one title is twice as long
as the other, either has words that the other lacks, and shops put article numbers of their own into titles:
there rank says more than similarity, and a classifier that only saw tidy titles would trust similarity too
much.
"""

import random
from dataclasses import replace
from typing import Final

from shared.messages import Listing
from shared.titles import normalise_title
from workers.encoder.models import Encoders
from workers.index.sides import facts_of
from workers.index.store.listings import details_of
from workers.index.tokens.words import words_of
from workers.trainer.calibration.corpus import Corpus
from workers.trainer.embedding import Embeddings, embed

_MOST_LOST: Final = 0.5
_STRANGE: Final = (0, 0, 1, 2, 3)
_BRAND_KEPT: Final = 0.5
_NUMBERED: Final = 0.2


def roughened(corpus: Corpus, encoders: Encoders) -> Corpus:
    """Return the corpus with words lost from each title, words of other titles in it, and fewer brands.

    What tells variants apart (quantities, sizes, colours, models, numbers) stays, so the truth does, too.
    """
    draw = random.Random(f"{corpus.seed}:rough")
    strange = sorted({word for listing in corpus.listings for word in _names(listing)})
    listings = tuple(_roughened(listing, strange, draw) for listing in corpus.listings)
    texts = embed(listings, None, encoders)
    vectors = {**corpus.embeddings.vectors, "text": texts.vectors["text"]}
    return replace(corpus, listings=listings, embeddings=Embeddings(texts.models, vectors), kind="rough")


def _names(listing: Listing) -> frozenset[str]:
    return facts_of(normalise_title(listing.title), details_of(listing.attributes)).names


def _roughened(listing: Listing, strange: list[str], draw: random.Random) -> Listing:
    names, lost = _names(listing), draw.random() * _MOST_LOST
    words = listing.title.split()
    kept = [word for word in words if not names.issuperset(words_of(word)) or draw.random() >= lost]
    kept = kept or words[:1]
    for _ in range(draw.choice(_STRANGE) if kept else 0):
        kept.insert(draw.randrange(len(kept) + 1), draw.choice(strange))
    if kept and draw.random() < _NUMBERED:
        kept.insert(draw.choice((0, 1, len(kept))), str(draw.randrange(10_000, 100_000)))
    attributes = dict(listing.attributes)
    if draw.random() >= _BRAND_KEPT:
        attributes.pop("brand", None)
    return listing.model_copy(update={"title": " ".join(kept), "attributes": attributes})
