"""What a person has to mend before a data set can be used."""

from typing import ClassVar

from shared.errors import DoppelError


class DatasetError(DoppelError):
    """A data set is missing or not as expected; the message says what to do."""

    code: ClassVar[str] = "dataset_invalid"
