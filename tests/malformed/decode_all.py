"""Decodes every malformed image in this process, under limits that end it.

`python -m tests.malformed.decode_all` is how a test runs it.
Prints a line of JSON before and after each image, so that who reads it knows which one ended the process.
"""

import json
import resource
import signal
import sys
import time
from collections.abc import Iterator
from itertools import chain

from tests.malformed.bombs import bombs
from tests.malformed.damage import Named, damaged
from tests.malformed.oddities import oddities
from workers.encoder.decoder import PillowDecoder
from workers.encoder.refusal import ImageRefused

MAX_PIXELS = 50_000_000
DEADLINE_S = 5.0
# Of address space; what is really used is printed.
MEMORY_BYTES = 3 * 1024**3 // 2


def malformed_images() -> Iterator[Named]:
    """Yield all of them, named."""
    return chain(bombs(), oddities(seed=5), damaged(seed=6))


def outcome(decoder: PillowDecoder, data: bytes) -> str:
    """Return a rejection's code, or the mode of the picture."""
    try:
        return decoder.decode(data).mode
    except ImageRefused as refused:
        return refused.code
    except MemoryError:
        return "MemoryError"


def main() -> None:
    """Decode them one by one; an image that takes more than its share of processor time ends the process."""
    images = list(malformed_images())
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    decoder = PillowDecoder(MAX_PIXELS)
    for name, data in images:
        sys.stdout.write(json.dumps({"name": name}) + "\n")
        sys.stdout.flush()
        # Counts processor time: a busy machine fails nothing. Its signal ends a process also within C code.
        signal.setitimer(signal.ITIMER_PROF, DEADLINE_S)
        start = time.process_time()
        found = outcome(decoder, data)
        seconds = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        line = {
            "name": name,
            "outcome": found,
            "seconds": round(seconds, 3),
            "peak_mib": peak,
            "bytes": len(data),
        }
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
