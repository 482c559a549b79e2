"""Processes that answer over HTTP or watch over the others."""
