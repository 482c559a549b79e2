"""The index worker: catalogs, candidates, classifier, groups; the only process that opens a catalog."""
