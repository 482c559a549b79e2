"""Sample catalogs with known truth: a small invented web shop, rendered from a seed."""

from samples.catalog import CatalogSummary, write_catalog
from samples.listings import SampleListing, generate

__all__ = ["CatalogSummary", "SampleListing", "generate", "write_catalog"]
