"""From listings to an embedding block: images first, then the titles of listings not refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.blocks import pack
from shared.messages import Rejection
from shared.titles import normalise_title
from workers.encoder.entries import Entry, Proceed
from workers.encoder.image_stage import ImageStage
from workers.encoder.ports import ImageEncoder, TextEncoder
from workers.encoder.text_stage import TextStage
from workers.encoder.vectors import matrix


@dataclass(slots=True)
class Findings:
    """What became of listings, by row: float16 vectors, or (code, detail) of a refusal."""

    images: dict[int, bytes] = field(default_factory=dict)
    texts: dict[int, bytes] = field(default_factory=dict)
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)

    def add(self, other: "Findings") -> None:
        """Take over what became of other listings."""
        self.images |= other.images
        self.texts |= other.texts
        self.refused |= other.refused


@dataclass(frozen=True, slots=True)
class Encoded:
    """A block, and the listings in it that were refused."""

    block: bytes
    rejections: tuple[Rejection, ...]


class Pipeline:
    """Encodes listings. A listing whose image was named and refused is refused as a whole."""

    def __init__(
        self, images: ImageStage, texts: TextStage, image_encoder: ImageEncoder, text_encoder: TextEncoder
    ) -> None:
        self._images = images
        self._texts = texts
        self._image_encoder = image_encoder
        self._text_encoder = text_encoder

    def run(self, entries: Sequence[Entry], proceed: Proceed) -> Encoded:
        """Encode the entries and return their block; errors as of `find`."""
        return self.pack(entries, self.find(entries, proceed))

    def find(self, entries: Sequence[Entry], proceed: Proceed) -> Findings:
        """Encode the entries; `proceed` is called between steps and may raise to end early.

        Raises:
            TransientError: storage or cache did not answer.
        """
        titles = {entry.row: normalise_title(entry.listing.title) for entry in entries}
        images = self._images.run([entry for entry in entries if entry.has_image], proceed)
        refused = dict(images.refused)
        for entry in entries:
            if not entry.has_image and not titles[entry.row]:
                refused[entry.row] = (
                    "listing_empty",
                    "the listing has neither an image nor a readable title",
                )
        texts = self._texts.run(
            {row: title for row, title in titles.items() if title and row not in refused}, proceed
        )
        return Findings(images.vectors, texts.vectors, refused)

    def pack(self, entries: Sequence[Entry], findings: Findings) -> Encoded:
        """Return the block of the entries."""
        refused = findings.refused
        rejections = tuple(
            Rejection(
                row=entry.row,
                listing_id=entry.listing.id,
                code=refused[entry.row][0],
                detail=refused[entry.row][1],
            )
            for entry in entries
            if entry.row in refused
        )
        matrices = [
            matrix("image", self._image_encoder.model, self._image_encoder.dim, findings.images),
            matrix("text", self._text_encoder.model, self._text_encoder.dim, findings.texts),
        ]
        return Encoded(pack(matrices, rejections), rejections)
