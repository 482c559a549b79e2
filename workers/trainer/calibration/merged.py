"""Joins corpora into one: a catalog that is several times as crowded."""

from collections.abc import Sequence

from workers.index.arrays import MODALITIES
from workers.trainer.calibration.corpus import Corpus
from workers.trainer.embedding import Embeddings


def merged(corpora: Sequence[Corpus]) -> Corpus:
    """Return one corpus of all listings, whose products stay apart.

    What surrounds a pair depends on how crowded its catalog is: a classifier that has seen one size only
    takes a larger catalog's smaller leads for doubts.
    """
    first = corpora[0]
    return Corpus(
        seed=first.seed,
        listings=tuple(listing for corpus in corpora for listing in corpus.listings),
        embeddings=Embeddings(
            first.embeddings.models,
            {
                modality: {
                    listing: vector
                    for corpus in corpora
                    for listing, vector in corpus.embeddings.vectors[modality].items()
                }
                for modality in MODALITIES
            },
        ),
        products=_apart(corpora, [corpus.products for corpus in corpora]),
        families=_apart(corpora, [corpus.families for corpus in corpora]),
        same_photo_variants=frozenset().union(*(corpus.same_photo_variants for corpus in corpora)),
        background=first.background,
        kind="merged",
    )


def _apart(corpora: Sequence[Corpus], labels: Sequence[dict[str, str]]) -> dict[str, str]:
    return {
        listing: f"{corpus.seed}:{label}"
        for corpus, held in zip(corpora, labels, strict=True)
        for listing, label in held.items()
    }
