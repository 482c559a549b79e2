"""What a run is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workers.trainer.tower.device import Device
from workers.trainer.tower.recipe import Recipe
from workers.trainer.tower.starts import Start
from workers.trainer.tower.tables import Columns


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        folders: photos, see `photos.collect`.
        columns: columns of their tables.
        samples: listings of the sample shop to train on, too.
        held_out: share of the photos kept for evaluation.
        licences: collection → licence of its photos, for the card.
        recipe: settings, fitted to `start`.
        start: weights to begin with.
        device: where to compute.
        cache: folder of decoded photos and of the unfinished run.
        out: folder for the tower.
        fresh: forget an unfinished run.
    """

    folders: tuple[Path, ...]
    columns: Columns
    samples: int
    held_out: float
    licences: Mapping[str, str]
    recipe: Recipe
    start: Start
    device: Device
    cache: Path
    out: Path
    fresh: bool

    @property
    def command(self) -> str:
        """The command that asks for the same, whatever this machine calls its folders."""
        recipe = self.recipe
        folders = " ".join(folder.resolve().name for folder in self.folders)
        return (
            f"doppel train-tower {folders} --out FOLDER --start {recipe.start.split()[0]} "
            f"--steps {recipe.steps} --photos-per-step {recipe.photos_per_step} --seed {recipe.seed} "
            f"--samples {self.samples} --held-out {self.held_out}"
        )
