"""What can go wrong for a client, each with a message for a person and a code for a program."""


class DoppelError(Exception):
    """Any failure that this client reports; `code` is stable, `detail` says it in words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({code})")
        self.code = code
        self.detail = detail


class DoppelHTTPError(DoppelError):
    """The service refused a request; with the HTTP status and, if told, when to come back."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(code, detail)
        self.status = status
        self.retry_after_s = retry_after_s


class NoAnswer(DoppelError):
    """The service did not answer: nothing listens there, or the connection broke."""


class JobFailed(DoppelError):
    """The job ended without a result: it failed or was cancelled."""


class WaitTimeout(DoppelError):
    """The job has not ended within the time that the caller wanted to wait; it goes on."""
