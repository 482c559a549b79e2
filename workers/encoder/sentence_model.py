"""Text models of sentence-transformers: any name, folder, or one that an installed package carries."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from huggingface_hub import constants
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from shared.errors import ModelUnavailable
from shared.profile import TextModel
from workers.encoder.fingerprint import fingerprint
from workers.encoder.half_precision import run_model
from workers.encoder.hub import why_away
from workers.encoder.text_weights import TextWeights


class SentenceModel:
    """A sentence-transformers model; code from the hub is never run."""

    def __init__(self, choice: TextModel, weights: TextWeights, device: torch.device) -> None:
        """Load the model.

        Raises:
            ModelUnavailable: it cannot be had; the message says how to provide it.
        """
        self._device = device
        self._model = _load(weights, device)
        revision = f"/{choice.revision}" if choice.revision else ""
        digest = fingerprint(self._model.state_dict(), _preprocessing(self._model))
        self.name = f"sentence_transformers:{choice.model}{revision}#{digest}"
        self.dim = int(self.forward(["dimension"]).shape[1])

    def prepare(self, item: str) -> str:
        """Return the title; the model's tokenizer works on batches."""
        return item

    def cost(self, prepared: str) -> int:
        """Return the length, as a batch is padded to its longest title."""
        return len(prepared)

    def forward(self, batch: Sequence[str]) -> NDArray[np.float32]:
        """Return the sentence embeddings, float32, shape (n, dim)."""
        return run_model(self._device, lambda: self._encode(batch))

    def _encode(self, batch: Sequence[str]) -> torch.Tensor:
        vectors: torch.Tensor = self._model.encode(
            list(batch), batch_size=len(batch), convert_to_tensor=True, show_progress_bar=False
        )
        return vectors


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
