"""Doppel's encoders beside what one would use instead: items per CPU-second, interleaved, on real photos.

Model weights are random and of the true shape, as no model hub is needed then: speed is real, matches are
not. Every process computes with one thread.
"""
