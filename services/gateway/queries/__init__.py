"""Comparisons and searches: answered by the workers in a moment."""
