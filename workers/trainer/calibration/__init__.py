"""Calibration: fits the classifier of a profile on the candidate pairs of sample catalogs."""
