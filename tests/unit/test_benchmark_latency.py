"""What the benchmark of interactive calls makes of their seconds."""

import pytest

from benchmarks.latency import Call, Timeline, margin, percentile, told


def calls(*seconds: float) -> list[Call]:
    return [Call("search", float(number), each) for number, each in enumerate(seconds)]


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [percentile(values, share) for share in (0, 0.5, 0.95, 1)] == [1, 3, 5, 5]
    assert percentile(range(1, 101), 0.95) == 95
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_seconds_are_told_in_milliseconds() -> None:
    assert told(calls(0.02, 0.01, 0.3)) == {"calls": 3, "p50_ms": 20, "p95_ms": 300, "max_ms": 300}


def test_the_margin_is_one_where_the_load_takes_what_it_may() -> None:
    idle = calls(0.01, 0.05, 0.9)
    assert margin(idle, calls(0.25)) == 1
    assert margin(idle, calls(0.1, 0.5)) == 0.5


def test_a_call_counts_for_the_stage_in_its_middle() -> None:
    stages = Timeline([(10.0, "encode"), (20.0, "match"), (30.0, "ended")])
    assert [stages.at(moment) for moment in (0, 10, 19.9, 20, 99)] == [
        "encode", "encode", "encode", "match", "ended",
    ]  # fmt: skip
    assert stages.of(Call("search", 18, 6)) == "match"
    assert stages.of(Call("search", 18, 3)) == "encode"
