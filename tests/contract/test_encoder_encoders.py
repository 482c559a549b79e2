"""One suite over every encoder: whatever the model, the pipeline can rely on this."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.profile import load_profile
from shared.settings import EncoderSettings
from tests.encoder_pictures import scene
from workers.encoder.models import Encoders, build_encoders
from workers.encoder.ports import Encoder
from workers.encoder.vectors import to_wire

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
PICTURES = [scene(120 + 7 * n, 90 + 11 * (n % 3), seed=n) for n in range(9)]
TITLES = [
    "Wireless mouse black", "wireless mouse, black", "Garden hose 20 m", "x",
    "ครีมกันแดด 50 มล", "日本製 保温ボトル 500ml",
    "a very long title " * 60, "Running shoes size 42 red", "123456",
]  # fmt: skip


@dataclass
class Case:
    """An encoder, things it encodes, and how far apart two runs of it may be."""

    encoder: Encoder[Any, Any]
    items: Sequence[Any]
    tolerance: float


def encoders(profile: str, **settings: Any) -> Encoders:
    chosen = EncoderSettings(
        profile=profile,
        artifacts_dir=ARTIFACTS,
        device="cpu",
        threads=1,
        image_batch=4,
        text_batch=4,
        **settings,
    )
    return build_encoders(*load_profile(profile, ARTIFACTS), chosen)


_made: dict[tuple[str, str], Encoders] = {}
CASES = [
    pytest.param(("deterministic", "torch", "image")),
    pytest.param(("deterministic", "torch", "text")),
    pytest.param(("bundled", "torch", "image"), marks=pytest.mark.models),
    pytest.param(("bundled", "torch", "text"), marks=pytest.mark.models),
    pytest.param(("bundled", "openvino", "image"), marks=[pytest.mark.models, pytest.mark.own_process]),
    pytest.param(("bundled", "openvino", "text"), marks=[pytest.mark.models, pytest.mark.own_process]),
]


def _kept(profile: str, backend: str) -> Encoders:
    if (profile, backend) not in _made:
        _made[profile, backend] = encoders(profile, backend=backend)
    return _made[profile, backend]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    profile, backend, modality = request.param
    made = _kept(profile, backend)
    tolerance = 0.0 if profile == "deterministic" else 2e-6
    if modality == "image":
        return Case(made.image, PICTURES, tolerance)
    return Case(made.text, TITLES, tolerance)


def test_vectors_are_float32_of_length_one(case: Case) -> None:
    vectors = case.encoder.encode(case.items)
    assert vectors.shape == (len(case.items), case.encoder.dim)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6


def test_nothing_gives_no_rows(case: Case) -> None:
    vectors = case.encoder.encode([])
    assert vectors.shape == (0, case.encoder.dim)
    assert vectors.dtype == np.float32


def test_same_call_gives_the_same_bytes(case: Case) -> None:
    assert case.encoder.encode(case.items).tobytes() == case.encoder.encode(case.items).tobytes()


@pytest.mark.parametrize("rearranged", [lambda n: range(n)[::-1], lambda n: [*range(1, n), 0]])
def test_vector_does_not_depend_on_its_batch(case: Case, rearranged: Callable[[int], Sequence[int]]) -> None:
    together = case.encoder.encode(case.items)
    alone = np.concatenate([case.encoder.encode([item]) for item in case.items])
    order = list(rearranged(len(case.items)))
    moved = case.encoder.encode([case.items[place] for place in order])
    assert np.abs(together - alone).max() <= case.tolerance
    assert np.abs(together[order] - moved).max() <= case.tolerance


def test_prepare_and_embed_are_encode(case: Case) -> None:
    prepared = [case.encoder.prepare(item) for item in case.items]
    assert case.encoder.embed(prepared).tobytes() == case.encoder.encode(case.items).tobytes()


def test_item_is_like_itself_and_unlike_others(case: Case) -> None:
    vectors = case.encoder.encode(case.items)
    alike = vectors @ vectors.T
    assert np.allclose(np.diag(alike), 1, atol=1e-5)
    others = alike[~np.eye(len(alike), dtype=bool)]
    assert others.max() < 1 - 1e-4 or np.median(others) < 0.9


def test_rounding_to_half_precision_keeps_similarities(case: Case) -> None:
    vectors = case.encoder.encode(case.items)
    sent = np.stack([np.frombuffer(row, "<f2") for row in to_wire(vectors)]).astype(np.float32)
    assert sent.shape == vectors.shape
    assert np.abs(sent @ sent.T - vectors @ vectors.T).max() < 2e-3


def test_name_tells_library_and_model(case: Case) -> None:
    library, _, rest = case.encoder.model.partition(":")
    assert library in ("deterministic", "open_clip", "sentence_transformers")
    assert rest
    if library != "deterministic":
        assert len(rest.rpartition("#")[2]) == 12


@pytest.mark.models
@pytest.mark.parametrize(("modality", "items"), [("image", PICTURES), ("text", TITLES)])
def test_nobody_can_tell_which_runtime_made_a_vector(modality: str, items: Sequence[Any]) -> None:
    plain, fast = (getattr(_kept("bundled", backend), modality) for backend in ("torch", "openvino"))
    assert plain.model == fast.model
    vectors = plain.encode(items), fast.encode(items)
    assert not np.array_equal(*vectors), "one runtime made both"
    for other in vectors:
        assert np.abs(vectors[0] @ vectors[0].T - other @ vectors[1].T).max() < 1e-5


def test_deterministic_encoders_put_like_things_close() -> None:
    made = encoders("deterministic")
    edited = [PICTURES[0], PICTURES[0].resize((60, 45)), PICTURES[0].crop((4, 4, 110, 80)), PICTURES[5]]
    vectors = made.image.encode(edited)
    alike = vectors @ vectors.T
    assert alike[0, 1] > 0.95
    assert alike[0, 2] > 0.8 > alike[0, 3]
    vectors = made.text.encode(TITLES[:3])
    assert vectors[0] @ vectors[1] > 0.6 > 0.3 > vectors[0] @ vectors[2]


def test_deterministic_vectors_are_the_same_everywhere() -> None:
    """Others' tests build on these values; whoever changes the models changes their names too."""
    made = encoders("deterministic")
    assert (made.image.model, made.image.dim) == ("deterministic:grid-v1", 192)
    assert (made.text.model, made.text.dim) == ("deterministic:ngrams-v1", 256)
    black = made.image.encode([Image.new("RGB", (10, 10))])[0]
    assert np.allclose(black[:144], 0)
    assert np.allclose(black[144:], -1 / np.sqrt(48), atol=1e-6)
    assert int(np.abs(made.text.encode(["mug"])[0]).argmax()) == zlib.crc32(b"mug") % 256


@pytest.mark.parametrize("title", ["", "a", "ab", "\u00df"])
def test_deterministic_text_of_any_length_has_a_direction(title: str) -> None:
    assert np.linalg.norm(encoders("deterministic").text.encode([title])) == pytest.approx(1)


def test_warm_up_leaves_results_alone() -> None:
    made = encoders("deterministic")
    before = made.image.encode(PICTURES).tobytes()
    made.warm_up(4)
    assert made.image.encode(PICTURES).tobytes() == before
