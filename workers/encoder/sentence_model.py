"""Text models of sentence-transformers: any name, folder, or one that an installed package carries."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from huggingface_hub import constants
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from shared.errors import ModelUnavailable
from shared.precision import with_precision
from shared.profile import TextModel
from workers.encoder.compiled import Network, Wish, compiled
from workers.encoder.device import device_faults
from workers.encoder.fingerprint import fingerprint
from workers.encoder.half_precision import run_model
from workers.encoder.hub import why_away
from workers.encoder.text_weights import TextWeights

# What a compiled model and torch must read alike: long and short, of several scripts, and padded.
_PROBES: Final = ("Garden hose 20 m", "日本製 保温ボトル 500ml", "ครีมกันแดด 50 มล", "a long title " * 60, "x")

# Tokens that take as long as a call with none: measured in OpenVINO on one thread; on a GPU, some hundred
# kernels have to be started.
_CPU_CALL_COST, _GPU_CALL_COST = 13, 4096

Forward: TypeAlias = Callable[[Sequence[str]], NDArray[np.float32]]


class SentenceModel:
    """A sentence-transformers model; code from the hub is never run."""

    def __init__(self, choice: TextModel, weights: TextWeights, device: torch.device, wish: Wish) -> None:
        """Load the model.

        Raises:
            ModelUnavailable: it cannot be had; the message says how to provide it.
        """
        model = _load(weights, device).requires_grad_(False)
        revision = f"/{choice.revision}" if choice.revision else ""
        digest = fingerprint(model.state_dict(), _preprocessing(model))
        full_name = f"sentence_transformers:{choice.model}{revision}#{digest}"

        def encode(batch: Sequence[str]) -> NDArray[np.float32]:
            return run_model(device, wish.precision, lambda: _encode(model, batch))

        self.dim = int(encode(["dimension"]).shape[1])
        self._network = _compiled(wish, device, model, encode) or Network(encode)
        self.name = with_precision(full_name, self._network.precision)
        self.call_cost = _CPU_CALL_COST if device.type == "cpu" else _GPU_CALL_COST
        self._tokens = _counter(model)

    def prepare(self, item: str) -> str:
        """Return the title; the model's tokenizer works on batches."""
        return item

    def cost(self, prepared: str) -> int:
        """Return the number of tokens, as a batch is padded to its longest title."""
        return self._tokens(prepared)

    @device_faults()
    def forward(self, batch: Sequence[str]) -> NDArray[np.float32]:
        """Return the sentence embeddings, float32, shape (n, dim).

        Raises:
            DeviceFull: the memory of the GPU does not suffice now.
        """
        return self._network.run(batch)


def _encode(model: Any, batch: Sequence[str]) -> torch.Tensor:  # noqa: ANN401 - the library has no types
    vectors: torch.Tensor = model.encode(
        list(batch), batch_size=len(batch), convert_to_tensor=True, show_progress_bar=False
    )
    return vectors


def _compiled(
    wish: Wish,
    device: torch.device,
    model: Any,  # noqa: ANN401 - as above
    encode: Forward,
) -> Network | None:
    """Return the model with its network compiled and its tokenizer as it is, None if torch should run it."""
    steps = list(model)

    def tokens(batch: Sequence[str]) -> dict[str, torch.Tensor]:
        features = model.preprocess(list(batch))
        return {name: features[name] for name in sorted(features) if isinstance(features[name], torch.Tensor)}

    names = list(tokens(["names"]))

    def network(*inputs: torch.Tensor) -> torch.Tensor:
        features: Any = dict(zip(names, inputs, strict=True))
        for step in steps:
            features = step(features)
        vectors: torch.Tensor = features["sentence_embedding"]
        return vectors

    batches = (_PROBES, _PROBES[-1:], _PROBES[:2])
    probes = [(list(tokens(batch).values()), encode(batch)) for batch in batches]
    if (fast := compiled(wish, device, network, probes)) is None:
        return None
    # Its weights are in the compiled network now; of these nothing but the tokenizer is used.
    model.to("meta")
    return fast._replace(run=lambda batch: fast.run(*tokens(batch).values()))


def _counter(model: Any) -> Callable[[str], int]:  # noqa: ANN401 - as above
    """Return what counts a title's tokens; where the tokenizer is slow, its characters."""
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        return len
    most = model.max_seq_length or sys.maxsize
    return lambda title: min(most, len(backend.encode(title).ids))


def _preprocessing(model: Any) -> str:  # noqa: ANN401 - the library has no types
    """Return all that turns a title into tokens and tokens into one vector."""
    modules = [
        f"{type(module).__name__} {json.dumps(getattr(module, 'pooling_mode', ''))}" for module in model
    ]
    tokenizer = model.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    tokens = backend.to_str() if backend is not None else json.dumps(tokenizer.get_vocab(), sort_keys=True)
    return json.dumps([modules, model.max_seq_length, tokens])


def _load(weights: TextWeights, device: torch.device) -> Any:  # noqa: ANN401 - the library has no types
    def load(*, cached_only: bool) -> Any:  # noqa: ANN401
        return SentenceTransformer(
            weights.path,
            device=str(device),
            revision=weights.revision,
            local_files_only=cached_only,
            trust_remote_code=False,
        )

    try:
        return load(cached_only=True)
    # The library raises whatever transformers, the hub or a file happen to raise.
    except Exception as error:
        if weights.is_local:
            raise ModelUnavailable(f"the text model in {weights.path} cannot be loaded: {error}") from error
        reason = why_away()
    try:
        if reason is None:
            return load(cached_only=False)
    except Exception as error:  # noqa: BLE001 - as above
        reason = f"the hub refused it: {str(error).strip().splitlines()[0][:150]}"
    raise ModelUnavailable(
        f"text model {weights.path} cannot be had: it is not in the cache {constants.HF_HUB_CACHE}, and "
        f"{reason}. Set DOPPEL_TEXT_WEIGHTS to its folder, or HF_HOME to a cache that holds it, or "
        "DOPPEL_PROFILE=bundled, which needs no download"
    )
