"""What a run begins with."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from workers.trainer.tower import pretrained
from workers.trainer.tower.errors import Refused
from workers.trainer.tower.network import CONFIG, WEIGHTS
from workers.trainer.tower.recipe import Recipe

PUBLISHED: Final = "published"
RANDOM: Final = "random"


@dataclass(frozen=True)
class Start:
    """Weights to begin with.

    Attributes:
        name: how the recipe calls them; names their content, not their place.
        file: weights of a tower, or None.
        facts: what the model card says about them.
    """

    name: str
    file: Path | None
    facts: dict[str, Any]

    def settle(self, recipe: Recipe) -> Recipe:
        """Fit a recipe to these weights: what is tuned for the published ones is not for others."""
        if self.name == PUBLISHED:
            return dataclasses.replace(recipe, start=self.name)
        fitted = dataclasses.replace(recipe, start=self.name, teacher_weight=0.0)
        # Frozen stages have to have learned something, and all of a random network is equally new.
        return fitted if self.file else dataclasses.replace(fitted, frozen_stages=0, backbone_rate=1.0)


def choose_start(wanted: str) -> Start:
    """Find the weights to begin with.

    Args:
        wanted: ``published``, ``random``, or the folder of a tower of the same architecture.

    Raises:
        Refused: there is no such tower.
    """
    if wanted == PUBLISHED:
        return Start(PUBLISHED, None, pretrained.FACTS)
    if wanted == RANDOM:
        return Start(RANDOM, None, {"weights": RANDOM})
    folder = Path(wanted)
    file, config = folder / WEIGHTS, folder / "open_clip_config.json"
    if not file.is_file() or not config.is_file():
        raise Refused(f"--start {wanted}: neither {PUBLISHED} nor {RANDOM}, and no folder with {WEIGHTS}")
    if json.loads(config.read_text(encoding="utf-8")) != CONFIG:
        raise Refused(f"--start {wanted}: that tower has another architecture or preprocessing")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return Start(f"tower {digest}", file, {"weights": "a tower of this architecture", "sha256": digest})
