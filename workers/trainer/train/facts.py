"""What is said about data and models, for people."""

from collections import Counter
from collections.abc import Callable

from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.embedding import Embeddings
from workers.trainer.report.findings import ListingView
from workers.trainer.train.opening import Opened
from workers.trainer.train.profile_folder import versions


def data_facts(data: LabelledCatalog | PairBenchmark, embeddings: Embeddings) -> dict[str, str | int]:
    """Return how much there is of what, and what was left out."""
    facts: dict[str, str | int] = {"data set": data.name}
    if isinstance(data, PairBenchmark):
        facts |= {"listings, left table": len(data.left), "listings, right table": len(data.right)}
        for split, pairs in data.splits.items():
            facts[f"pairs, {split}"] = (
                f"{len(pairs):,}, of them duplicates {sum(p.duplicate for p in pairs):,}"
            )
    else:
        sizes = Counter(data.groups.values()).values()
        facts |= {
            "listings": len(data.listings),
            "groups": len(sizes),
            "groups of one": sum(size == 1 for size in sizes),
            "largest group": max(sizes),
            "duplicate pairs": sum(size * (size - 1) // 2 for size in sizes),
        }
    facts |= {
        "with a photo": len(embeddings.vectors["image"]),
        "with a title": len(embeddings.vectors["text"]),
    }
    facts |= {f"left out: {reason}": count for reason, count in data.dropped.items()}
    if embeddings.unreadable:
        facts["photos that cannot be read"] = len(embeddings.unreadable)
    return facts


def model_facts(opened: Opened, options: dict[str, str]) -> dict[str, str]:
    """Return models, options and versions."""
    return {
        "profile": opened.profile.name,
        "image model": opened.models["image"],
        "text model": opened.models["text"],
        **options,
        "versions": ", ".join(f"{name} {said}" for name, said in versions().items()),
    }


def viewer(data: LabelledCatalog | PairBenchmark) -> Callable[[str], ListingView]:
    """Return what gives, by id, what is shown of a listing."""
    listings = {listing.id: listing for listing in data.listings}

    def view(listing: str) -> ListingView:
        found = listings[listing]
        if isinstance(data, PairBenchmark):
            return ListingView(found.title, None, "")
        photo = data.root / found.image if data.root is not None and found.image else None
        return ListingView(found.title, photo, data.groups[listing])

    return view
