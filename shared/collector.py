"""The garbage collector of processes that hold much."""

import gc


def collect_garbage_rarely() -> None:
    """Spare the collector what is made by now and stays.

    With thousands of requests or pairs at a time it looked through all of them, and all libraries, again and
    again: half of the CPU time of polls.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 20, 50)
