"""What a person has to mend before a tower can be trained."""


class Refused(Exception):
    """The run cannot go on as asked; the message says why, and what to do."""
