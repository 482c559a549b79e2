"""Training of a classifier on labelled data, and its measurement: `doppel train`, `doppel evaluate`."""
