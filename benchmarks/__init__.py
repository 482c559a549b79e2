"""Reproducible measurements; each prints what it measured and writes it to `reports/`."""
