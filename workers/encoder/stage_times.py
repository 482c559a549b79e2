"""Where the CPU-seconds of a chunk go: decoding, preparing, the two models, packing."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic

from PIL import Image

from workers.encoder.ports import Decoder, Encoder, Floats, Item, Prepared


class StageTimes:
    """Adds up CPU-seconds by stage, from any thread.

    Counted is the thread that does the work, so that stages which overlap are told apart. A model that runs
    on several threads (`DOPPEL_THREADS`) uses more than is counted here.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Count what the block costs, also where it raises."""
        start = self._clock()
        try:
            yield
        finally:
            spent = self._clock() - start
            with self._lock:
                self._spent[stage] += spent

    def take(self) -> dict[str, float]:
        """Return the CPU-seconds by stage since the last call."""
        with self._lock:
            spent, self._spent = self._spent, defaultdict(float)
        return {stage: round(seconds, 4) for stage, seconds in spent.items()}


class TimedDecoder:
    """A decoder whose work is counted as `decode`."""

    def __init__(self, decoder: Decoder, times: StageTimes) -> None:
        self._decoder = decoder
        self._times = times

    def decode(self, data: bytes) -> Image.Image:
        """Decode as the decoder does; errors are its own."""
        with self._times.of("decode"):
            return self._decoder.decode(data)


class TimedEncoder(Generic[Item, Prepared]):
    """An encoder whose work is counted as `prepare_<modality>` and `forward_<modality>`."""

    def __init__(self, encoder: Encoder[Item, Prepared], times: StageTimes, modality: str) -> None:
        self._encoder = encoder
        self._times = times
        self._prepare = f"prepare_{modality}"
        self._forward = f"forward_{modality}"

    @property
    def model(self) -> str:
        """The encoder's."""
        return self._encoder.model

    @property
    def dim(self) -> int:
        """The encoder's."""
        return self._encoder.dim

    def prepare(self, item: Item) -> Any:  # noqa: ANN401 - what it is, only the encoder knows
        """Prepare one item; safe in any thread."""
        with self._times.of(self._prepare):
            return self._encoder.prepare(item)

    def embed(self, prepared: Sequence[Prepared]) -> Floats:
        """Embed what was prepared."""
        with self._times.of(self._forward):
            return self._encoder.embed(prepared)

    def encode(self, items: Sequence[Item]) -> Floats:
        """Prepare and embed."""
        return self.embed([self.prepare(item) for item in items])
