"""Where a text model is: a folder, an installed package, or a name that the hub's cache or the hub knows."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from shared.errors import ModelUnavailable
from shared.profile import TextModel

_PACKAGE: Final = "package:"
_MODULES: Final = "modules.json"


@dataclass(frozen=True, slots=True)
class TextWeights:
    """What sentence-transformers is asked to load: a folder (`is_local`), or a name for cache and hub."""

    path: str
    is_local: bool
    revision: str | None = None


def find_text_weights(choice: TextModel, folder: Path, override: Path | None) -> TextWeights:
    """Return where the model is; `override` comes before what the manifest in `folder` says.

    Raises:
        ModelUnavailable: the folder or the package is not there.
    """
    if override is not None:
        if not (override / _MODULES).is_file():
            raise ModelUnavailable(f"DOPPEL_TEXT_WEIGHTS names {override}, which holds no {_MODULES}")
        return TextWeights(str(override), is_local=True)
    if choice.model.startswith(_PACKAGE):
        package = choice.model.removeprefix(_PACKAGE)
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise ModelUnavailable(f"the text model is in the package {package}, which is not installed")
        return TextWeights(str(Path(spec.origin).parent / "model"), is_local=True)
    local = folder / choice.model
    if (local / _MODULES).is_file():
        return TextWeights(str(local), is_local=True)
    return TextWeights(choice.model, is_local=False, revision=choice.revision)
