"""The model card of a tower: rendered from what its run wrote down and what an evaluation measured."""
