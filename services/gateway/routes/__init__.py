"""The HTTP operations: parse, delegate, serialise."""
