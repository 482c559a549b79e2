"""Profiles: a named choice of image encoder, text encoder and their classifier, as a manifest on disk."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from shared.errors import ArtifactError
from shared.messages import Message


class HeadFile(Message):
    """A trained projection that follows a model: safetensors, `file` relative to the manifest."""

    file: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    dim: Annotated[int, Field(gt=0, le=8192)]


class ImageModel(Message):
    """An image encoder.

    `model` is an open_clip model name, `hf-hub:<repository>` or `local-dir:<folder>` (relative to the
    manifest); `pretrained` the open_clip tag that goes with a name. `deterministic` needs no weights.
    `dim` is the model's own; a head may have another. `precision` `auto` lets a CPU run the model in bfloat16
    where that moves similarities little (its vectors then have a name of their own), and a GPU in float16.
    """

    library: Literal["open_clip", "deterministic"]
    model: str
    pretrained: str | None = None
    dim: Annotated[int, Field(gt=0, le=8192)]
    head: HeadFile | None = None
    precision: Literal["auto", "full"] = "auto"


class TextModel(Message):
    """A text encoder.

    `model` is a sentence-transformers name, a folder (relative to the manifest), or `package:<module>` for
    a model that an installed package carries in its folder `model`. All else is as for images.
    """

    library: Literal["sentence_transformers", "deterministic"]
    model: str
    revision: str | None = None
    dim: Annotated[int, Field(gt=0, le=8192)]
    head: HeadFile | None = None
    precision: Literal["auto", "full"] = "auto"


class Profile(Message):
    """What `profile.json` says."""

    name: str
    image: ImageModel
    text: TextModel


def load_profile(name: str, artifacts: Path) -> tuple[Profile, Path]:
    """Return the profile and the folder of its manifest; `name` is a profile's name or a path to a manifest.

    Raises:
        ArtifactError: there is no such profile, or its manifest does not fit.
    """
    path = Path(name) if name.endswith(".json") else artifacts / name / "profile.json"
    try:
        return Profile.model_validate_json(path.read_bytes()), path.parent
    except FileNotFoundError as error:
        known = sorted(p.parent.name for p in artifacts.glob("*/profile.json"))
        raise ArtifactError(f"no profile at {path}; profiles here: {', '.join(known) or 'none'}") from error
    # ValueError: its name holds what no path may, or its text does not fit.
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} is not a profile: {error}") from error
