"""infinity (infinity_emb) over HTTP: photos as data URIs and titles, eight clients at a time.

Installed into an environment of its own. Its last release needs older libraries than it asks for.
"""

import base64
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx
import open_clip

from benchmarks.encoders.cost import Cost, session_cpu_s
from benchmarks.encoders.environment import PeerUnavailable, interpreter
from benchmarks.encoders.goods import Goods
from benchmarks.encoders.weights import Weights
from benchmarks.report import REPORTS
from local.errors import LocalError
from local.ports import free_port
from local.process import Process, last_lines
from local.readiness import wait_until

PACKAGES: Final = (
    "infinity_emb[torch,vision,server]==0.0.77",
    "torch==2.8.0",
    "transformers==4.47.1",
    "sentence-transformers==3.4.1",
    "optimum==1.27.0",
    "click==8.1.8",
    "aiohttp==3.13.2",
)
_CLIENTS: Final = 8
_PHOTOS: Final = 8
_TITLES: Final = 32
_START_S: Final = 180
_BPE: Final = Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"


class Infinity:
    """A server with both models, told to batch 32 as our encoders do.

    Raises:
        PeerUnavailable: it cannot be installed, or does not start.
    """

    def __init__(self, goods: Goods, weights: Weights) -> None:
        python = interpreter("infinity", PACKAGES)
        clip = weights.image.parent / "clip-vit-b-32"
        if not (clip / "preprocessor_config.json").is_file():
            script = Path(__file__).with_name("infinity_clip.py")
            made = subprocess.run([python, script, _BPE, clip], capture_output=True, text=True)
            if made.returncode:
                raise PeerUnavailable(f"its CLIP cannot be written: {made.stderr[-500:]}")
        self._url = f"http://127.0.0.1:{(port := free_port())}"
        models = {"image": clip.absolute(), "text": weights.text.absolute()}
        command = f"{python.with_name('infinity_emb')} v2 --port {port} --no-model-warmup --log-level warning"
        for name, folder in models.items():
            command += f" --model-id {folder} --served-model-name {name} --engine torch --device cpu"
            command += " --batch-size 32 --no-bettertransformer --dtype float32"
        # It would tell its makers that it runs.
        env = {"PATH": "/usr/bin:/bin", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        env |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false", "HOME": str(python.parent)}
        REPORTS.mkdir(exist_ok=True)
        self._log = REPORTS / "infinity.log"
        self._log.unlink(missing_ok=True)
        self._server = Process("infinity", command, cwd=Path.cwd(), env=env, log=self._log)
        self._photos = [_uri(photo) for photo in goods.photos]
        self._titles = goods.titles

    def __enter__(self) -> Self:
        self._server.start()
        try:
            wait_until(self._answers, "an infinity that answers", _START_S, self._check, every_s=0.5)
            # First times are slow.
            self._embed(self._photos[:_TITLES], self._titles[:_TITLES])
        except (LocalError, httpx.HTTPError) as error:
            self._server.kill()
            raise PeerUnavailable(str(error)) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.kill()

    def run(self) -> Cost:
        """Embed all photos and titles; CPU-seconds are the server's."""
        cpu, wall = session_cpu_s(self._server.pid), time.monotonic()
        self._embed(self._photos, self._titles)
        return Cost(session_cpu_s(self._server.pid) - cpu, time.monotonic() - wall)

    def _embed(self, photos: Sequence[str], titles: Sequence[str]) -> None:
        with (
            httpx.Client(base_url=self._url, timeout=600, trust_env=False) as http,
            ThreadPoolExecutor(_CLIENTS) as clients,
        ):

            def embed(model: str, part: Sequence[str]) -> None:
                asked = {"model": model, "modality": model, "input": part, "encoding_format": "base64"}
                answer = http.post("/embeddings", json=asked).raise_for_status()
                if len(answer.json()["data"]) != len(part):
                    raise ValueError("infinity answered with fewer vectors than were asked for")

            asks = [
                clients.submit(embed, model, inputs[start : start + size])
                for model, inputs, size in (("image", photos, _PHOTOS), ("text", titles, _TITLES))
                for start in range(0, len(inputs), size)
            ]
            for ask in asks:
                ask.result()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self._url}/health", trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _check(self) -> None:
        if self._server.died:
            raise LocalError(f"infinity ended; the end of {self._log}:\n{last_lines(self._server.output())}")


def _uri(photo: Path) -> str:
    kind = "png" if photo.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(photo.read_bytes()).decode()}"
