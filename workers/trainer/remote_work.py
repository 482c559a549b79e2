"""What running encoders are asked to encode, and what came of it."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from shared.errors import ProfileMismatch
from shared.messages import Listing, Row
from workers.index.arrays import MODALITIES, Modality
from workers.trainer.contents import contents_of, name_of
from workers.trainer.embedding import Embeddings
from workers.trainer.embedding_cache import EmbeddingCache
from workers.trainer.encoding_job import EncodingJob, Fetched

_CHUNKS_KEPT = 256
_BYTES_PER_VALUE = 2
Models = Mapping[Modality, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class WorkChunk:
    """Rows, each with one title or one photo, and the bytes of the photos by name."""

    rows: tuple[Row, ...]
    images: dict[str, bytes]


class RemoteWork:
    """Each different title and photo of the listings goes once, under the name of its content.

    A title and a photo of one listing go apart, so that a photo that is refused does not cost the title.
    Without `models` the first unit that comes back decides them.
    """

    def __init__(
        self, listings: Sequence[Listing], root: Path | None, cache: Path | None, models: Models | None = None
    ) -> None:
        contents = contents_of(listings, root)
        self._cache = cache
        self._contents: dict[Modality, dict[str, bytes]] = {"image": contents.photos, "text": contents.titles}
        self._photos = {name_of(digest): path for digest, path in contents.files.items()}
        self._titles = {name_of(title): raw for title, raw in contents.raw.items()}
        self._left = deque([*self._photos, *self._titles])
        self._kept: dict[Modality, EmbeddingCache] = {}
        self._models: dict[Modality, tuple[str, int]] = {}
        if models is not None:
            self._know(models)
        self._refused: dict[str, str] = {}
        self._done: Counter[Modality] = Counter()
        self._rows = self._taken = 0

    @property
    def probing(self) -> bool:
        """Whether an answer has to tell the models first, without which nothing in the cache is known."""
        return self._cache is not None and not self._models

    def chunk(self, job: EncodingJob, size: int) -> WorkChunk:
        """Return at most `size` contents that are not known yet; an empty chunk when there are no more.

        Raises:
            OSError: a photo cannot be read.
        """
        names = list(islice(self._unknown(), size))
        images = {name: self._photos[name].read_bytes() for name in names if name in self._photos}
        rows = []
        for name in names:
            self._rows += 1
            image = job.reference(name) if name in images else None
            listing = Listing(id=name, title=self._titles.get(name, ""), image=image)
            rows.append(Row(row=self._rows, listing=listing))
        return WorkChunk(tuple(rows), images)

    def _unknown(self) -> Iterator[str]:
        while self._left:
            name = self._left.popleft()
            if any(name in kept.vectors for kept in self._kept.values()):
                self._done[self._modality(name)] += 1
            else:
                yield name

    def take(self, fetched: Fetched) -> None:
        """Keep the vectors and refusals of a unit.

        Raises:
            ProfileMismatch: it was encoded by other models than an earlier unit, or than are wanted.
        """
        heads = fetched.header.modalities
        models: dict[Modality, tuple[str, int]] = {head.modality: (head.model, head.dim) for head in heads}
        if not self._models:
            self._know(models)
        if models != self._models:
            raise ProfileMismatch(
                f"a running encoder has {_told(models)}, others or the profile have {_told(self._models)}: "
                "start all encoders with one profile, and name that one"
            )
        names = {row.row: row.listing.id for row in fetched.rows if row.listing is not None}
        for head, data in zip(heads, fetched.matrices, strict=True):
            size = head.dim * _BYTES_PER_VALUE
            vectors = self._kept[head.modality].vectors
            vectors.update((names[row], data[i * size : (i + 1) * size]) for i, row in enumerate(head.rows))
        for refusal in fetched.header.rejections:
            self._refused[names[refusal.row]] = f"{refusal.code}: {refusal.detail}"
        self._done.update(map(self._modality, names.values()))
        self._taken += 1
        if self._taken % _CHUNKS_KEPT == 0:
            self.save()

    def save(self) -> None:
        """Keep the embeddings for the next time."""
        for kept in self._kept.values():
            kept.save()

    def done(self) -> dict[Modality, tuple[int, int]]:
        """Return how many contents are dealt with and how many there are, of each modality that has any."""
        totals: dict[Modality, int] = {"image": len(self._photos), "text": len(self._titles)}
        return {modality: (self._done[modality], total) for modality, total in totals.items() if total}

    def embeddings(self) -> Embeddings:
        """Return the vectors by listing, once all is through."""
        unreadable: dict[str, str] = {}
        vectors: dict[Modality, dict[str, bytes]] = {modality: {} for modality in MODALITIES}
        for modality, contents in self._contents.items():
            for listing, content in contents.items():
                name = name_of(content)
                if name in self._refused:
                    unreadable[listing] = self._refused[name]
                else:
                    vectors[modality][listing] = self._kept[modality].vectors[name]
        return Embeddings(dict(self._models), vectors, unreadable)

    def _know(self, models: Models) -> None:
        self._models = dict(models)
        self._kept = {name: EmbeddingCache(self._cache, *model) for name, model in models.items()}

    def _modality(self, name: str) -> Modality:
        return "image" if name in self._photos else "text"


def _told(models: Models) -> str:
    return " and ".join(f"{modality} model {name} ({dim})" for modality, (name, dim) in models.items())
