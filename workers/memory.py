"""How this process takes memory from the system."""

import ctypes
from typing import Final

# Numbers of mallopt's settings, from glibc's malloc.h.
_TRIM_THRESHOLD: Final = -1
_TOP_PAD: Final = -2
_MMAP_MAX: Final = -4


def keep_freed_memory() -> bool:
    """Let malloc keep what is freed, and grow by 256 MiB at a time.

    Every step of a network frees and takes the same large tensors. By default glibc gives each of them back
    to the system, which hands out fresh, zeroed pages the next time: a quarter to two fifths of the time of a
    training step on CPU. The process stays as large as it ever was, so this is for a main program to call.

    Returns:
        Whether it took effect; elsewhere than on glibc nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 256 << 20))
    done = [mallopt(name, value) == 1 for name, value in settings]
    return all(done)
