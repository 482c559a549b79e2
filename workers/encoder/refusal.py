"""Why an image could not be taken: a code that clients rely on, and words for people."""


class ImageRefused(Exception):
    """One listing's image is at fault; becomes the listing's rejection."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
