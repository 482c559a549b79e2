"""What can go wrong with the local stack; each message is one that a person can act on."""


class LocalError(Exception):
    """The local stack could not do what was asked; the message says why."""
