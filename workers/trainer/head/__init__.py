"""Trains the head of a profile: a projection of frozen embeddings, from labels of groups."""
