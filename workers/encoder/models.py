"""Builds the encoders that a profile names; torch and its libraries are imported here only, when needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from shared.errors import ArtifactError
from shared.profile import HeadFile, ImageModel, Profile, TextModel
from shared.settings import EncoderSettings
from workers.encoder.batch_encoder import BatchEncoder
from workers.encoder.grid_model import GridModel
from workers.encoder.head import Head, find_head
from workers.encoder.ngram_model import NgramModel
from workers.encoder.ports import ImageEncoder, Model, TextEncoder

if TYPE_CHECKING:
    from workers.encoder.compiled import Wish


@dataclass(frozen=True, slots=True)
class Encoders:
    """The two encoders of a profile."""

    image: ImageEncoder
    text: TextEncoder

    def warm_up(self, batch: int) -> None:
        """Encode something of every size that will come, as first times are slow."""
        picture = Image.new("RGB", (320, 240), "white")
        for count in sorted({1, batch}):
            self.image.encode([picture] * count)
            self.text.encode(["a title of ordinary length, 500 ml, black"] * count)


def build_encoders(profile: Profile, folder: Path, settings: EncoderSettings) -> Encoders:
    """Return the encoders of `profile`, whose manifest is in `folder`.

    Raises:
        ModelUnavailable: weights cannot be had.
        ArtifactError: a model or a head does not fit its manifest.
    """
    image = _image_model(profile.image, folder, settings)
    text = _text_model(profile.text, folder, settings)
    for model, dim in ((image, profile.image.dim), (text, profile.text.dim)):
        if model.dim != dim:
            raise ArtifactError(f"{model.name} has {model.dim} dimensions; profile {profile.name} says {dim}")
    return Encoders(
        BatchEncoder(image, settings.image_batch, _head(profile.image.head, folder, image.dim)),
        BatchEncoder(text, settings.text_batch, _head(profile.text.head, folder, text.dim)),
    )


def _head(choice: HeadFile | None, folder: Path, dim: int) -> Head | None:
    return None if choice is None else find_head(choice, folder, dim)


def _wish(choice: ImageModel | TextModel, settings: EncoderSettings) -> "Wish":
    from workers.encoder.compiled import Wish

    return Wish(settings.backend, "full" if settings.precision == "full" else choice.precision)


def _image_model(choice: ImageModel, folder: Path, settings: EncoderSettings) -> Model[Image.Image, Any]:
    if choice.library == "deterministic":
        return GridModel(choice.model)
    from workers.encoder.device import prepare_torch
    from workers.encoder.image_weights import find_image_weights
    from workers.encoder.open_clip_model import OpenClipModel

    device = prepare_torch(settings.device, settings.threads)
    weights = find_image_weights(choice, folder, settings.image_weights)
    return OpenClipModel(choice, weights, device, _wish(choice, settings))


def _text_model(choice: TextModel, folder: Path, settings: EncoderSettings) -> Model[str, Any]:
    if choice.library == "deterministic":
        return NgramModel(choice.model)
    from workers.encoder.device import prepare_torch
    from workers.encoder.sentence_model import SentenceModel
    from workers.encoder.text_weights import find_text_weights

    device = prepare_torch(settings.device, settings.threads)
    weights = find_text_weights(choice, folder, settings.text_weights)
    return SentenceModel(choice, weights, device, _wish(choice, settings))
