"""CPU-seconds by stage: what is counted, where, and that nothing is counted twice."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.encoder_fakes import FakeImageModel
from workers.encoder.batch_encoder import BatchEncoder
from workers.encoder.decoder import PillowDecoder
from workers.encoder.refusal import ImageRefused
from workers.encoder.stage_times import StageTimes, TimedDecoder, TimedEncoder


def ticking(step: float = 1.0) -> Callable[[], float]:
    """Return a clock that goes on by `step` each time it is read."""
    now = iter(range(1_000_000))
    return lambda: next(now) * step


def test_encoder_is_counted_by_stage_and_gives_what_it_gave() -> None:
    times, bare = StageTimes(ticking()), BatchEncoder(FakeImageModel(), 2)
    timed = TimedEncoder(bare, times, "image")
    pictures = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue", "green")]
    assert np.array_equal(timed.encode(pictures), bare.encode(pictures))
    assert (timed.model, timed.dim) == (bare.model, bare.dim)
    assert times.take() == {"prepare_image": 3.0, "forward_image": 1.0}


def test_what_was_taken_is_not_told_again() -> None:
    times = StageTimes(ticking())
    with times.of("pack"):
        pass
    assert times.take() == {"pack": 1.0}
    assert times.take() == {}


def test_refused_image_has_cost_something_too() -> None:
    times = StageTimes(ticking())
    with pytest.raises(ImageRefused):
        TimedDecoder(PillowDecoder(100), times).decode(b"no image")
    assert times.take() == {"decode": 1.0}


def test_a_thread_that_waits_costs_nothing_and_threads_add_up() -> None:
    times, done = StageTimes(), threading.Event()

    def work() -> None:
        with times.of("work"):
            until = time.thread_time() + 0.03
            while time.thread_time() < until:
                pass

    def wait() -> None:
        with times.of("waited"):
            done.wait(10)

    waiting, threads = threading.Thread(target=wait), [threading.Thread(target=work) for _ in range(3)]
    for thread in [waiting, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    waiting.join()
    spent = times.take()
    assert spent["work"] >= 0.09
    assert spent["waited"] < 0.03
