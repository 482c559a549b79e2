"""The listings of a large shop, from fewer photos than it has listings; questions about them."""

import csv
import io
import itertools
import random
import threading
import zipfile
from pathlib import Path
from typing import Final

from samples.plan import plan
from workers.trainer.tower.photos import list_photos

_SEED: Final = 11
# The sample shop repeats some titles, and leaves some out.
_PLANNED: Final = 1.2


class Wares:
    """Photos of the data folder, each for several listings, and `count` titles of the sample shop.

    Titles are all different. Archives and questions take both in turn, from where the one before has ended.
    """

    def __init__(self, data: Path, count: int) -> None:
        """Read the photos.

        Raises:
            Refused: the folder does not hold the photos.
            ValueError: there are not so many titles.
        """
        photos = [photo.path for photo in list_photos(data)]
        random.Random(_SEED).shuffle(photos)
        titles = list(dict.fromkeys(p.title for p in plan(int(_PLANNED * count), _SEED) if p.title))
        if len(titles) < count:
            raise ValueError(f"{len(titles)} titles, not {count}")
        self._photos = [photo.read_bytes() for photo in photos]
        self._titles = itertools.cycle(titles)
        self._numbers = itertools.count()
        self._asked = itertools.count()
        self._lock = threading.Lock()

    def archive(self, path: Path, count: int, *, fresh: bool) -> Path:
        """Write a ZIP of so many listings; `fresh`: each photo is a file of its own, new to encoders."""
        table = io.StringIO()
        rows = csv.writer(table)
        rows.writerow(["id", "title", "image"])
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for _ in range(count):
                number = next(self._numbers)
                place = number % len(self._photos)
                name = f"images/{number if fresh else place}.jpg"
                if fresh:
                    archive.writestr(name, self._fresh(place, f"listing {number}"))
                elif number == place:
                    archive.writestr(name, self._photos[place])
                rows.writerow([f"p{number}", next(self._titles), name])
            archive.writestr("listings.csv", table.getvalue())
        return path

    def fields(self, kind: str) -> dict[str, str]:
        """Return the titles of a question."""
        if kind == "search":
            return {}
        with self._lock:
            return {"a_title": next(self._titles), "b_title": next(self._titles)}

    def files(self, kind: str) -> dict[str, tuple[str, bytes]]:
        """Return the photos of a question."""
        names = ("image",) if kind == "search" else ("a_image", "b_image")
        return {name: (f"{name}.jpg", self._next_photo()) for name in names}

    def _next_photo(self) -> bytes:
        with self._lock:
            number = next(self._asked)
        return self._fresh(number % len(self._photos), f"question {number}")

    def _fresh(self, place: int, mark: str) -> bytes:
        """Return a photo as a file that no encoder has seen: what follows a JPEG's end is not looked at."""
        return self._photos[place] + mark.encode()
