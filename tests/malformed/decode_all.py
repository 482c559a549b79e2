"""Decodes every malformed image, as the encoder would: `python -m tests.malformed.decode_all`."""

from functools import partial
from itertools import chain

from tests.malformed.bombs import bombs
from tests.malformed.damage import damaged
from tests.malformed.limited import limited
from tests.malformed.oddities import oddities
from workers.encoder.decoder import PillowDecoder
from workers.encoder.refusal import ImageRefused

MAX_PIXELS = 50_000_000
DEADLINE_S = 5.0
# Of address space; what is really used is printed.
MEMORY_BYTES = 3 * 1024**3 // 2


def outcome(decoder: PillowDecoder, data: bytes) -> str:
    """Return a rejection's code, or the mode of the picture."""
    try:
        return decoder.decode(data).mode
    except ImageRefused as refused:
        return refused.code
    except MemoryError:
        return "MemoryError"


if __name__ == "__main__":
    images = chain(bombs(), oddities(seed=5), damaged(seed=6))
    limited(images, partial(outcome, PillowDecoder(MAX_PIXELS)), DEADLINE_S, MEMORY_BYTES)
