"""What the reading process says: one line each, whose first byte tells what it is."""

from dataclasses import dataclass

# Before the file is touched; a list of the file's columns; an object that is a row; why a row cannot be read;
# a code and why the file cannot be read; after the last row, so that an end before it is noticed.
READY, COLUMNS, ROW, BAD_ROW, PROBLEM, END = b"~", b"=", b"+", b"-", b"!", b"."


@dataclass(frozen=True, slots=True)
class Asked:
    """What to read, and how much at most; travels as JSON."""

    id: str
    title: str
    image: str
    max_listings: int
    max_row_bytes: int
    max_image_bytes: int
    max_total_bytes: int
