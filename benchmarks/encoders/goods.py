"""The products that everybody encodes: real photos, with a different title each."""

import csv
import io
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path

from samples.plan import plan
from workers.trainer.tower.photos import list_photos

_SEED = 5


@dataclass(frozen=True, slots=True)
class Goods:
    """Photos and their titles, in the same order."""

    photos: tuple[Path, ...]
    titles: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.photos)

    def parts(self, count: int) -> "list[Goods]":
        """Return so many disjoint parts of equal size."""
        return [Goods(self.photos[i::count], self.titles[i::count]) for i in range(count)]

    def archive(self, *, titles: bool = True) -> bytes:
        """Return them as a ZIP that may be submitted."""
        packed, table = io.BytesIO(), io.StringIO()
        rows = csv.writer(table)
        rows.writerow(["id", "title", "image"])
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for number, (photo, title) in enumerate(zip(self.photos, self.titles, strict=True)):
                name = f"images/{number}{photo.suffix}"
                archive.write(photo, name)
                rows.writerow([f"p{number}", title if titles else "", name])
            archive.writestr("listings.csv", table.getvalue())
        return packed.getvalue()


def choose(data: Path, count: int) -> Goods:
    """Return so many photos of the data folder, the same ones every time; titles are the sample shop's.

    Raises:
        Refused: the folder does not hold the photos.
        ValueError: it holds too few.
    """
    photos = sorted(photo.path for photo in list_photos(data))
    # Without it, quick and full runs would measure photos of other sizes.
    random.Random(_SEED).shuffle(photos)
    titles = list(dict.fromkeys(p.title for p in plan(2 * count, _SEED) if p.title))
    if min(len(photos), len(titles)) < count:
        raise ValueError(f"{data} has {len(photos)} photos, not {count}")
    return Goods(tuple(photos[:count]), tuple(titles[:count]))
