"""The report of a training or an evaluation: figures, curves, and the worst mistakes with their photos."""
