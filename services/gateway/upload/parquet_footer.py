"""The end of a Parquet file, looked at before native code reads it."""

from typing import BinaryIO

from services.gateway.problems import Problem

MAX_FOOTER_BYTES = 16 * 1024**2
_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_TAIL_BYTES = 8
# Under this key Arrow's writers repeat the schema in a form of theirs, which may name types of extensions and
# is put above Parquet's own, also where extensions are disabled. Under another key nobody looks at it.
_ARROW_SCHEMA, _NOT_LOOKED_AT = b"ARROW:schema", b"arrow-schema"


def check_footer(file: BinaryIO) -> None:
    """Return if the file may be read; hides from its reader what other schema it brings.

    Raises:
        Problem: it is no Parquet file (`parquet_invalid`), is encrypted (`parquet_encrypted`), or says more
            of itself than can be read (`parquet_too_large`).
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(len(_MAGIC))
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    if _ENCRYPTED in (head, tail[4:]):
        raise Problem(422, "parquet_encrypted", "the Parquet file is encrypted; send it in the clear")
    if head != _MAGIC or tail[4:] != _MAGIC or size < len(_MAGIC) + _TAIL_BYTES:
        detail = "the file does not begin and end as Parquet does: it is none, or was cut off"
        raise Problem(400, "parquet_invalid", detail)
    length = int.from_bytes(tail[:4], "little")
    if length > size - _TAIL_BYTES - len(_MAGIC):
        raise Problem(400, "parquet_invalid", "the footer of the Parquet file is longer than the file")
    if length > MAX_FOOTER_BYTES:
        detail = f"the footer of the Parquet file has {length} bytes; {MAX_FOOTER_BYTES} are read at most"
        raise Problem(422, "parquet_too_large", f"{detail}. Write it with fewer columns or larger row groups")
    file.seek(size - _TAIL_BYTES - length)
    footer = file.read(length)
    if _ARROW_SCHEMA in footer:
        file.seek(size - _TAIL_BYTES - length)
        file.write(footer.replace(_ARROW_SCHEMA, _NOT_LOOKED_AT))
    file.flush()
