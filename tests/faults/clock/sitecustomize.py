"""Read at the start of an interpreter whose `PYTHONPATH` names this folder: its wall clock is off."""

import os
import time

_OFF_S = float(os.environ["DOPPEL_CLOCK_OFF_S"])
_time, _time_ns = time.time, time.time_ns

time.time = lambda: _time() + _OFF_S
time.time_ns = lambda: _time_ns() + int(_OFF_S * 1e9)
