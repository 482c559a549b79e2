"""Any order of submissions, deliveries, deaths, outages and losses, chosen by Hypothesis, beside a model."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as profile
from hypothesis.stateful import run_state_machine_as_test

from shared.settings import CommonSettings
from tests.machine.machine import Machine
from workers.index.classifiers import Classifiers

ARTIFACTS = Path(__file__).parents[2] / "artifacts"


def run(settings: CommonSettings, **chosen: Any) -> None:
    bound = {"settings": settings, "classifiers": Classifiers.load(ARTIFACTS)}
    run_state_machine_as_test(
        type("Machine", (Machine,), bound),
        settings=profile(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, **chosen),
    )


@pytest.mark.timeout(600)
def test_whatever_happens_in_whatever_order(settings: CommonSettings) -> None:
    run(settings, max_examples=40, stateful_step_count=40, derandomize=True, database=None)


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_whatever_happens_in_whatever_order_for_long(settings: CommonSettings) -> None:
    run(settings, max_examples=1000, stateful_step_count=60)
