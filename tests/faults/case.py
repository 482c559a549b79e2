"""The table of faults: each entry says what is done and what has to hold, and is itself the doing."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.bench import Bench

Act = Callable[[Bench], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One fault. `slow` ones are left out of the usual test run; the whole must end within `bound_s`."""

    name: str
    done: str
    expected: str
    act: Act
    slow: bool = False
    bound_s: float = 90


CASES: list[Case] = []
SAME = "the outcome of the run without the fault; ledger and queues empty"


def case(done: str, expected: str = SAME, *, slow: bool = False, bound_s: float = 90) -> Callable[[Act], Act]:
    """Enter a function into the table under its own name."""

    def enter(act: Act) -> Act:
        CASES.append(Case(act.__name__.replace("_", "-"), done, expected, act, slow, bound_s))
        return act

    return enter
