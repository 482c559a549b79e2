"""Labelled data to train and measure on: catalogs with groups, and benchmarks of two tables."""
