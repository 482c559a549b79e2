"""Processes that work through queues: encoders, the index worker, the trainer."""
