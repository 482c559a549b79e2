"""A fresh stack on the folder of a trained profile: does it load it, and judge by it?"""

from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np

from client import Comparison, Doppel
from local.stack import Stack
from shared.messages import Listing
from workers.index.classifier import load_classifier
from workers.index.features import Setting
from workers.trainer.datasets.labelled import LabelledCatalog
from workers.trainer.train.embedding_files import load_embeddings
from workers.trainer.train.profile_folder import CLASSIFIER, EMBEDDINGS

# Enough of them that the catalog knows which words are rare.
_GROUPS: Final = 20
_EACH: Final = 4
_CATALOG: Final = "trained"
_TIMEOUT_S: Final = 600


def stack_judges(trained: Path, data: LabelledCatalog) -> bool:
    """Submit a few listings of every one of some groups to a stack that has this profile alone.

    Returns:
        Whether two listings of a group are found to be duplicates (those with the most similar photos), and
        are compared by the trained thresholds, with the catalog and without.

    Raises:
        LocalError: the stack does not start.
        JobFailed: the submission came to nothing.
    """
    listings = some_of_each(data)
    first, second = most_alike(trained, data, listings)
    submitted = {
        listing.id: {"id": listing.id, "title": listing.title, "image": _photo(data, listing)}
        for listing in listings
    }
    folder = str(trained.parent.resolve())
    settings = {"DOPPEL_ARTIFACTS_DIR": folder, "DOPPEL_CLASSIFIERS_DIR": folder}
    with Stack(profile=trained.name, settings=settings) as stack:
        stack.up()
        stack.wait_ready()
        with Doppel(stack.url) as doppel:
            job = doppel.wait(doppel.submit(_CATALOG, submitted.values()).id, timeout_s=_TIMEOUT_S)
            found = {(pair.a, pair.b) for pair in doppel.pairs(job.id, verdict="duplicate")}
            sides = submitted[first], submitted[second]
            compared: dict[Setting, Comparison] = {
                "within": doppel.dedup(*sides, catalog=_CATALOG),
                "alone": doppel.dedup(*sides),
            }
    regressions = load_classifier(trained / CLASSIFIER).regressions
    return (first, second) in found and all(
        said.calibrated and said.threshold == regressions[setting]["image_text"].threshold
        for setting, said in compared.items()
    )


def some_of_each(data: LabelledCatalog) -> list[Listing]:
    """Return the first listings with title and photo of the first groups, in the order of the data."""
    taken: Counter[str] = Counter()
    chosen = []
    for listing in data.listings:
        group = data.groups[listing.id]
        known = group in taken or len(taken) < _GROUPS
        if known and taken[group] < _EACH and listing.title and listing.image:
            taken[group] += 1
            chosen.append(listing)
    return chosen


def most_alike(trained: Path, data: LabelledCatalog, listings: list[Listing]) -> tuple[str, str]:
    """Return the two listings of one group whose photos are most similar, by id; the smaller id first.

    Raises:
        ValueError: no two are of one group.
    """
    held = load_embeddings(trained / EMBEDDINGS).vectors["image"]
    vectors = {name: np.frombuffer(vector, "<f2").astype(np.float64) for name, vector in held.items()}
    ids = sorted(listing.id for listing in listings if listing.id in vectors)
    pairs = [(a, b) for a, b in combinations(ids, 2) if data.same(a, b)]
    return max(pairs, key=lambda pair: float(vectors[pair[0]] @ vectors[pair[1]]))


def _photo(data: LabelledCatalog, listing: Listing) -> Path:
    return (data.root or Path()) / (listing.image or "")
