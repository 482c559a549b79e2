"""Why a single row cannot be taken: data, never a failed request."""


class RowRefused(Exception):
    """Raised while a row is read; becomes the row's rejection."""

    def __init__(self, code: str, detail: str, listing_id: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.listing_id = listing_id


# What a reader of any format yields: the fields of a row, or why it has none.
RawRow = dict[str, object] | RowRefused
