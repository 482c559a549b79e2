"""Reads the Parquet file that is the standard input, within limits that the system enforces."""

import json
import os
import resource
import sys
from collections.abc import Iterator
from typing import BinaryIO

# pyarrow takes it where it is there; nothing here needs it, and an installed gateway does not have it.
sys.modules["numpy"] = None  # type: ignore[assignment]

import pyarrow as pa  # noqa: E402

from services.gateway.upload.parquet.file import Table  # noqa: E402
from services.gateway.upload.parquet.lines import END, PROBLEM, READY, Asked  # noqa: E402
from services.gateway.upload.parquet.refused import FileRefused  # noqa: E402

_MEMORY_BYTES = 1024**3
# Far more than an honest file within the other limits needs.
_CPU_S = 300
# Enough for a traceback.
_FILE_BYTES = 65_536
_OPEN_FILES = 32
_TOO_LARGE = (
    "the pages of the Parquet file are too large to be read. Write it anew with smaller row groups, "
    "or send the table as NDJSON or CSV"
)


def _limit() -> None:
    limits = {
        resource.RLIMIT_AS: (_MEMORY_BYTES, _MEMORY_BYTES),
        # At the first a signal tells why the process ends, at the second it is only killed.
        resource.RLIMIT_CPU: (_CPU_S, _CPU_S + 5),
        resource.RLIMIT_FSIZE: (_FILE_BYTES, _FILE_BYTES),
        resource.RLIMIT_NOFILE: (_OPEN_FILES, _OPEN_FILES),
        resource.RLIMIT_CORE: (0, 0),
    }
    for kind, (soft, hard) in limits.items():
        _, given = resource.getrlimit(kind)
        most = hard if given == resource.RLIM_INFINITY else min(hard, given)
        resource.setrlimit(kind, (min(soft, most), most))


def _lines(file: BinaryIO, asked: Asked) -> Iterator[bytes]:
    """Yield all lines but the first; what is wrong with the file is one of them."""
    try:
        yield from Table(file, asked).lines()
        yield END
        return
    except FileRefused as refused:
        problem = (refused.code, refused.detail)
    # Arrow's own error is one, too.
    except MemoryError:
        problem = ("parquet_too_large", _TOO_LARGE)
    # Of names that are no text; of a file that is cut off.
    except (pa.ArrowException, OSError, ValueError) as error:
        problem = ("parquet_invalid", " ".join(str(error).split())[:300].rstrip("."))
    yield PROBLEM + json.dumps(problem).encode()


def main() -> None:
    """Say the lines of the file; a process that listens no more ends this one."""
    asked = Asked(**json.loads(sys.argv[1]))
    _limit()
    os.nice(5)
    with open(0, "rb", buffering=0, closefd=False) as file, open(1, "wb", closefd=False) as out:
        out.write(READY + b"\n")
        # Now, as the file may end this process without a chance to say it.
        out.flush()
        for line in _lines(file, asked):
            out.write(line + b"\n")


if __name__ == "__main__":
    main()
