"""Why the file as a whole cannot be read."""


class FileRefused(Exception):
    """Ends the reading; the code becomes that of the problem that the client is told."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
