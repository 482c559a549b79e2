"""Collects the truth about a catalog while its listings go by."""

from itertools import combinations
from typing import Any

from samples.listings import SampleListing

FORMAT = 1


class Truth:
    """What is the same product, what is a variant, and which variants share a photo."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._listings: dict[str, dict[str, Any]] = {}
        self._products: dict[str, list[str]] = {}
        self._families: dict[str, dict[str, Any]] = {}
        self._shared: dict[str, list[str]] = {}
        self.without_image = 0
        self.without_title = 0

    def add(self, listing: SampleListing) -> None:
        """Take in one listing."""
        self._listings[listing.id] = {
            "product": listing.product_id,
            "family": listing.family_id or None,
            "language": listing.language,
            "tokens": listing.stated,
        }
        self._products.setdefault(listing.product_id, []).append(listing.id)
        if listing.family_id:
            family = self._families.setdefault(
                listing.family_id, {"axis": listing.family_axis, "listings": []}
            )
            family["listings"].append(listing.id)
        if listing.same_photo:
            self._shared.setdefault(listing.same_photo, []).append(listing.id)
        self.without_image += not listing.image_name
        self.without_title += not listing.title

    @property
    def products(self) -> int:
        """Number of different products."""
        return len(self._products)

    def groups(self) -> list[list[str]]:
        """Return the listing ids of every product that has more than one listing."""
        return [ids for ids in self._products.values() if len(ids) > 1]

    def families(self) -> dict[str, dict[str, Any]]:
        """Return the families that hold at least two different products."""
        return {
            name: family
            for name, family in self._families.items()
            if len({self._listings[listing]["product"] for listing in family["listings"]}) > 1
        }

    def duplicate_pairs(self) -> int:
        """Return the number of pairs of listings of one product."""
        return sum(len(ids) * (len(ids) - 1) // 2 for ids in self._products.values())

    def variant_pairs(self) -> int:
        """Return the number of pairs of listings of one family but of different products."""
        return sum(self._differ(family["listings"]) for family in self.families().values())

    def same_photo_variants(self) -> list[list[str]]:
        """Return the variant pairs that show the very same photo."""
        pairs = (pair for ids in self._shared.values() for pair in combinations(ids, 2))
        return [list(pair) for pair in pairs if self._other(pair)]

    def document(self) -> dict[str, Any]:
        """Return what `truth.json` holds."""
        return {
            "format": FORMAT,
            "seed": self._seed,
            "counts": {
                "listings": len(self._listings),
                "products": self.products,
                "duplicate_groups": len(self.groups()),
                "duplicate_pairs": self.duplicate_pairs(),
                "families": len(self.families()),
                "variant_pairs": self.variant_pairs(),
                "same_photo_variants": len(self.same_photo_variants()),
                "without_image": self.without_image,
                "without_title": self.without_title,
            },
            "listings": self._listings,
            "groups": self.groups(),
            "families": self.families(),
            "same_photo_variants": self.same_photo_variants(),
        }

    def _differ(self, ids: list[str]) -> int:
        return sum(self._other(pair) for pair in combinations(ids, 2))

    def _other(self, pair: tuple[str, str]) -> bool:
        return bool(self._listings[pair[0]]["product"] != self._listings[pair[1]]["product"])
