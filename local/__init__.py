"""The local stack: every process of Doppel on one machine, for a first run, for development and for tests."""
