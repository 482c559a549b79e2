"""Where the titles and photos of a data set are encoded: in this process, or by encoders that are running."""

from enum import StrEnum
from pathlib import Path

from shared.profile import Profile
from shared.settings import CommonSettings, EncoderSettings, GatewaySettings
from workers.encoder.models import build_encoders
from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.embedding import Embeddings, Progress, embed
from workers.trainer.remote import embed_remotely


class EncodeBy(StrEnum):
    """This process, or the encoder workers of the stack that `DOPPEL_REDIS_URL` names."""

    HERE = "here"
    RUNNING = "running"


def encode(
    profile: Profile,
    folder: Path,
    data: LabelledCatalog | PairBenchmark,
    cache: Path,
    by: EncodeBy,
    progress: Progress,
) -> Embeddings:
    """Encode the data with the profile's models, whose manifest lies in `folder`.

    The models are loaded here in either case: their names tell the weights, so that running encoders with
    others are refused at the first answer.

    Raises:
        ArtifactError: the models cannot be had.
        ProfileMismatch: running encoders have other models.
        NoEncoders: none is running.
        TransientError: Redis or the spool of the running encoders does not answer.
        OSError: a photo cannot be read.
    """
    encoders = build_encoders(profile, folder, EncoderSettings())
    root = data.root if isinstance(data, LabelledCatalog) else None
    if by is EncodeBy.HERE:
        return embed(data.listings, root, encoders, cache, progress)
    return embed_remotely(
        data.listings,
        root,
        CommonSettings(),
        cache,
        progress,
        models={
            "image": (encoders.image.model, encoders.image.dim),
            "text": (encoders.text.model, encoders.text.dim),
        },
        chunk_contents=GatewaySettings().chunk_listings,
    )
