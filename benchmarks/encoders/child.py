"""A competitor in a process of its own, whose models stay loaded between rounds."""

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from benchmarks.encoders.cost import Cost

_WAIT_S: Final = 1800


class ChildFailed(Exception):
    """The process ended, or said nothing in time."""


class Child:
    """Says `ready` when its models are loaded; then answers each line with the cost of one round as JSON."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._log = log
        self._env = os.environ | {"TOKENIZERS_PARALLELISM": "false"} | dict(env or {})

    def __enter__(self) -> Self:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=self._env
            )
        try:
            self._read()
        except ChildFailed:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self) -> Cost:
        """Let it do one round.

        Raises:
            ChildFailed: it did not.
        """
        pipe = self._pipe(self._process.stdin)
        pipe.write(b"\n")
        pipe.flush()
        return Cost(**json.loads(self._read()))

    def _read(self) -> bytes:
        pipe, deadline = self._pipe(self._process.stdout), time.monotonic() + _WAIT_S
        ready, _, _ = select.select([pipe], [], [], deadline - time.monotonic())
        line = pipe.readline() if ready else b""
        if not line:
            end = self._log.read_text(errors="replace")[-2000:]
            raise ChildFailed(f"{self._command[:3]} said nothing; the end of {self._log}:\n{end}")
        return line

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None:
            raise ChildFailed("the process has no pipes")
        return pipe
