"""Contracts between the processes: messages, routing, ledger, spool, errors, settings, logs."""
