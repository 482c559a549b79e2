"""What a piece of work cost, and rounds that take turns, so that a busy machine is unfair to nobody."""

import os
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU-seconds of all processes that worked, and seconds on the wall."""

    cpu_s: float
    wall_s: float


def session_cpu_s(pid: int) -> float:
    """Return the CPU-seconds of a session leader and its children, those that have ended included."""
    found = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # Fields behind the name, which may hold anything: session, utime, stime, cutime, cstime.
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == pid:
            found += sum(int(fields[i]) for i in (11, 12, 13, 14))
    return found * _TICKS_S


def take_turns(rounds: int, runs: Mapping[str, Callable[[], Cost]]) -> dict[str, list[Cost]]:
    """Run each once per round, each round begun by another, and return the costs."""
    names, costs = list(runs), {name: list[Cost]() for name in runs}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            costs[name].append(cost := runs[name]())
            print(f"round {number + 1}, {name}: {cost.cpu_s:.1f} CPU-s, {cost.wall_s:.1f} s", flush=True)
    return costs


def rates(items: int, costs: list[Cost]) -> dict[str, float]:
    """Return items per CPU-second and per second: the median of the rounds, lowest and highest."""
    cpu = sorted(items / cost.cpu_s for cost in costs)
    wall = statistics.median(items / cost.wall_s for cost in costs)
    figures = {"per_cpu_s": statistics.median(cpu), "lowest": cpu[0], "highest": cpu[-1], "per_s": wall}
    return {name: round(value, 2) for name, value in figures.items()}


def advantage(ours: list[Cost], theirs: list[Cost]) -> dict[str, float]:
    """Return how many times the other's CPU-seconds are ours, round by round: median, lowest, highest."""
    ratios = sorted(their.cpu_s / our.cpu_s for our, their in zip(ours, theirs, strict=True))
    figures = {"": statistics.median(ratios), "_lowest": ratios[0], "_highest": ratios[-1]}
    return {name: round(value, 3) for name, value in figures.items()}


def compared(items: int, costs: Mapping[str, list[Cost]], ours: str) -> dict[str, float]:
    """Return everybody's `rates`, and the `advantage` of ours over each of the others."""
    figures: dict[str, float] = {}
    for name, spent in costs.items():
        figures |= {f"{name}.{figure}": value for figure, value in rates(items, spent).items()}
        if name != ours:
            figures |= {f"vs_{name}{end}": value for end, value in advantage(costs[ours], spent).items()}
    return figures
