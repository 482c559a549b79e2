"""All benchmarks, one after the other, each in a process of its own; then their summary.

`python -m benchmarks [--full] [NAME …]` (`make bench`, `make bench-full`). What fails is told at the end, and
the figures that it made last stay.
"""

import argparse
import os
import subprocess
import sys
import time
from typing import Final, NamedTuple


class Benchmark(NamedTuple):
    """A module of this package, what it is told when all are quick and when they are thorough."""

    module: str
    quick: tuple[str, ...] | None = ()
    full: tuple[str, ...] = ()


SUITE: Final = (
    Benchmark("gateway_start"),
    Benchmark("upload"),
    Benchmark("polls"),
    Benchmark("catalog_open"),
    Benchmark("interactive"),
    Benchmark("self_join"),
    Benchmark("lexical_recall"),
    Benchmark("grouping", full=("1000000",)),
    Benchmark("index_scale", quick=None),
    Benchmark("lexical", quick=None),
    Benchmark("photos", quick=None),
    Benchmark("encoding", quick=None),
    Benchmark("encoders.products", full=("1000",)),
    Benchmark("encoders.images", full=("1000",)),
    Benchmark("encoders.resubmit", full=("900",)),
    Benchmark("encoders.quality"),
    Benchmark("encoders.two_encoders", full=("512",)),
)
# Figures are CPU-seconds of one thread: more of them would spin while they wait.
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1"}


def main() -> int:
    """Run them; return how many failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these, instead of all")
    parser.add_argument("--full", action="store_true", help="with more data, and those that take long")
    chosen = parser.parse_args()
    failed = [each.module for each in SUITE if _wanted(each, chosen) and not _ran(each, full=chosen.full)]
    page = ("--page", "docs/benchmarks.md") if chosen.full else ()
    subprocess.run([sys.executable, "-m", "benchmarks.summary", *page], check=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


def _wanted(benchmark: Benchmark, chosen: argparse.Namespace) -> bool:
    if chosen.names:
        return benchmark.module in chosen.names
    return chosen.full or benchmark.quick is not None


def _ran(benchmark: Benchmark, *, full: bool) -> bool:
    told = benchmark.full if full else benchmark.quick or ()
    print(f"\n== {benchmark.module} {' '.join(told)}", flush=True)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{benchmark.module}", *told], env=os.environ | ONE_THREAD
    )
    print(f"== {time.monotonic() - started:.0f} s, exit {done.returncode}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
