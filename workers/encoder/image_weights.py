"""Where the weights of an image model are: a file, a folder, the hub's cache, the hub."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import open_clip

from shared.errors import ModelUnavailable
from shared.profile import ImageModel
from workers.encoder.hub import hub_file

_CONFIG: Final = "open_clip_config.json"
_WEIGHTS: Final = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)
_SUFFIXES: Final = (".safetensors", ".pt", ".pth", ".bin")
# What open_clip's tags say of preprocessing.
_PREPROCESSING: Final = ("mean", "std", "interpolation", "resize_mode")


@dataclass(frozen=True, slots=True)
class ImageWeights:
    """What open_clip is asked to load; `origin` is for people.

    `model` is an open_clip name, or `local-dir:` and a folder; `checkpoint` a file, or None.
    """

    model: str
    checkpoint: str | None
    origin: str
    quick_gelu: bool = False
    preprocessing: dict[str, Any] | None = None


def find_image_weights(choice: ImageModel, folder: Path, override: Path | None) -> ImageWeights:
    """Return where the weights are; `override` comes before what the manifest in `folder` says.

    Raises:
        ModelUnavailable: they cannot be had; the message says how to provide them.
    """
    if override is not None:
        return _given(choice, folder, override)
    if choice.model.startswith("local-dir:"):
        return _folder(folder / choice.model.removeprefix("local-dir:"))
    try:
        if choice.model.startswith("hf-hub:"):
            repository = choice.model.removeprefix("hf-hub:")
            hub_file(repository, [_CONFIG])
            return _folder(hub_file(repository, _WEIGHTS).parent)
        return _tagged(choice, str(hub_file(*_repository(choice))))
    except ModelUnavailable as error:
        raise ModelUnavailable(_advice(choice, str(error))) from error


def _given(choice: ImageModel, folder: Path, override: Path) -> ImageWeights:
    if not override.exists():
        raise ModelUnavailable(f"DOPPEL_IMAGE_WEIGHTS names {override}, which does not exist")
    if (override / _CONFIG).is_file():
        return _folder(override)
    files = (
        [override] if override.is_file() else sorted(p for p in override.iterdir() if p.suffix in _SUFFIXES)
    )
    if len(files) != 1:
        raise ModelUnavailable(f"{override} should hold {_CONFIG} or one checkpoint, not {len(files)}")
    if choice.model.startswith("local-dir:"):
        model = f"local-dir:{folder / choice.model.removeprefix('local-dir:')}"
        return ImageWeights(model, str(files[0]), str(files[0]))
    return _tagged(choice, str(files[0]))


def _folder(path: Path) -> ImageWeights:
    if not (path / _CONFIG).is_file():
        raise ModelUnavailable(f"{path} holds no {_CONFIG}; set DOPPEL_IMAGE_WEIGHTS to a folder that does")
    return ImageWeights(f"local-dir:{path}", None, str(path))


def _tagged(choice: ImageModel, checkpoint: str) -> ImageWeights:
    """Take activation and preprocessing from the tag, which a checkpoint by itself does not tell."""
    tag = open_clip.get_pretrained_cfg(choice.model, choice.pretrained or "")
    preprocessing = {key: tag[key] for key in _PREPROCESSING if key in tag}
    return ImageWeights(choice.model, checkpoint, checkpoint, bool(tag.get("quick_gelu")), preprocessing)


def _repository(choice: ImageModel) -> tuple[str, list[str]]:
    tag = open_clip.get_pretrained_cfg(choice.model, choice.pretrained or "")
    if not tag.get("hf_hub"):
        raise ModelUnavailable("the hub has no such open_clip model and tag")
    repository, _, name = tag["hf_hub"].rpartition("/")
    return repository, [str(Path(name).with_suffix(".safetensors")), name] if name else list(_WEIGHTS)


def _advice(choice: ImageModel, tried: str) -> str:
    return (
        f"image weights {choice.model}/{choice.pretrained} cannot be had: {tried}. Set DOPPEL_IMAGE_WEIGHTS "
        "to a checkpoint or a folder, or HF_HOME to a cache that holds them, or DOPPEL_PROFILE=bundled, "
        "which needs no download"
    )
