"""All catalogs of the folder that this process owns."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import UnknownCatalog
from workers.index.catalog import Catalog
from workers.index.layout_files import LayoutFiles
from workers.index.lock import FolderLock
from workers.index.ports import GiveWay, LexicalIndex, VectorIndex, nobody_waits
from workers.index.store import open_database
from workers.index.store.database import outage_as_error

FILE = "catalog.db"


class Catalogs:
    """Opens catalogs by name, a folder per catalog, and keeps open the `most_open` that were used last.

    An open catalog holds its indexes, a page cache and three files. One that is being changed stays open; a
    task uses two catalogs at most, so that two are enough.
    """

    def __init__(
        self,
        folder: Path,
        make_vector_index: Callable[[int], VectorIndex],
        make_lexical_index: Callable[[], LexicalIndex],
        *,
        most_open: int,
        give_way: GiveWay = nobody_waits,
    ) -> None:
        self._folder = folder
        self._make_vector_index = make_vector_index
        self._make_lexical_index = make_lexical_index
        self._most_open = most_open
        self._give_way = give_way
        self._lock = FolderLock(folder)
        # The one used last comes last.
        self._open: dict[str, Catalog] = {}
        self._changing: set[str] = set()

    def acquire(self) -> None:
        """Own the folder, until `close`.

        Raises:
            AlreadyOwned: another process owns it.
        """
        self._lock.acquire()

    def get(self, name: str) -> Catalog:
        """Return the catalog.

        Raises:
            UnknownCatalog: there is none of this name.
        """
        if name not in self._open and not (self._folder / name / FILE).exists():
            raise UnknownCatalog(f"there is no catalog {name!r}")
        return self.get_or_create(name)

    def get_or_create(self, name: str) -> Catalog:
        """Return the catalog, making it if there is none."""
        catalog = self._open.pop(name, None)
        if catalog is None:
            while len(self._open) >= self._most_open:
                unused = next(name for name in self._open if name not in self._changing)
                self._open.pop(unused).database.close()
            catalog = self._read(name)
        self._open[name] = catalog
        return catalog

    def _read(self, name: str) -> Catalog:
        directory = self._folder / name
        directory.mkdir(parents=True, exist_ok=True)
        database = open_database(directory / FILE)
        catalog = Catalog(
            name,
            database,
            self._make_vector_index,
            self._make_lexical_index,
            LayoutFiles(directory),
            self._give_way,
        )
        try:
            catalog.load()
        except BaseException:
            database.close()
            raise
        return catalog

    @contextmanager
    def changing(self, name: str, *, make: bool = True) -> Iterator[Catalog]:
        """Give the catalog to a block that writes; when it raises, the catalog is read anew next time.

        An index that missed a committed change would answer wrongly until the next start. A catalog that is
        not there is made, unless `make` is false.

        Raises:
            UnknownCatalog: it is not there and is not to be made.
            StoreUnavailable: the catalog's file cannot be read or written now.
            CatalogDamaged: the catalog's file cannot be read any more.
        """
        with outage_as_error():
            catalog = self.get_or_create(name) if make else self.get(name)
            self._changing.add(name)
            try:
                yield catalog
            except BaseException:
                self._open.pop(name).database.close()
                raise
            finally:
                self._changing.discard(name)

    def close(self) -> None:
        """Close all catalogs and give the folder back."""
        for catalog in self._open.values():
            catalog.database.close()
        self._open.clear()
        self._lock.release()
