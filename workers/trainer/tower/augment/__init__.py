"""Seller-like edits on batches of photos, as tensor operations: the training views.

All images here are float32 tensors (n, 3, height, width) with values 0-1, RGB. Every function draws its
randomness from the `Dice` it is given, so a seed fixes the views.
"""
