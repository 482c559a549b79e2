"""Draws products: one module per family of shapes, over a small common kit."""
