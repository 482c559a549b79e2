"""Reads a Parquet file in a process of its own: native code that a hostile file may break, and nothing else.

`python -m services.gateway.upload.parquet ASKED` reads the file that is its standard input. The gateway
starts it and reads what it says (`parquet_table.py`); of this package it imports `lines.py` only.
"""
