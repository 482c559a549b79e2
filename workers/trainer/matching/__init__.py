"""Measures matching and grouping on whole catalogs: `python -m workers.trainer.matching`."""
