import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.blocks import BlockHeader, unpack
from shared.errors import SpoolUnavailable
from shared.messages import Listing
from tests.encoder_fakes import FakeCache, FakeImageModel, FakeSource, FakeTextModel
from tests.encoder_pictures import encoded, scene
from workers.encoder.batch_encoder import BatchEncoder
from workers.encoder.decoder import PillowDecoder
from workers.encoder.entries import Entry
from workers.encoder.image_intake import ImageIntake
from workers.encoder.image_stage import ImageStage
from workers.encoder.pipeline import Encoded, Findings, Pipeline
from workers.encoder.text_stage import TextStage

GOOD = {f"spool:{n}": encoded(Image.new("RGB", (8, 8), (n, 2 * n, 250 - n))) for n in range(100)}


class Bench:
    """A pipeline on fakes."""

    def __init__(
        self, images: Mapping[str, bytes | Exception] = GOOD, batch: int = 4, threads: int = 3
    ) -> None:
        self.source = FakeSource(images)
        self.image_model, self.text_model = FakeImageModel(), FakeTextModel()
        self.image_cache, self.text_cache = FakeCache(), FakeCache()
        pictures = BatchEncoder(self.image_model, batch)
        titles = BatchEncoder(self.text_model, batch)
        intake = ImageIntake(self.source, PillowDecoder(1000), pictures, self.image_cache)
        self.stage = ImageStage(intake, pictures, self.image_cache, batch, threads)
        self.pipeline = Pipeline(self.stage, TextStage(titles, self.text_cache), pictures, titles)

    def run(self, entries: Sequence[Entry], proceed: Callable[[], None] = lambda: None) -> Encoded:
        return self.pipeline.run(entries, proceed)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.stage.close()


def entry(row: int, title: str = "", image: str | None = None, payload: bytes | None = None) -> Entry:
    return Entry(row, Listing(id=f"l{row}", title=title, image=image), payload)


def opened(encoded_block: Encoded) -> tuple[BlockHeader, NDArray[np.float16], NDArray[np.float16]]:
    header, (image, text) = unpack(encoded_block.block)
    return header, np.frombuffer(image, "<f2").reshape(-1, 3), np.frombuffer(text, "<f2").reshape(-1, 2)


def test_block_holds_each_modality_under_its_rows(bench: Bench) -> None:
    header, image, text = opened(
        bench.run([entry(7, "both", "spool:1"), entry(3, "title only"), entry(9, "", "spool:2")])
    )
    assert [(m.modality, m.model, m.dim, m.rows) for m in header.modalities] == [
        ("image", "fake:image#1", 3, (7, 9)),
        ("text", "fake:text#1", 2, (3, 7)),
    ]
    assert header.rejections == ()
    assert np.allclose(np.linalg.norm(image.astype(float), axis=1), 1, atol=1e-3)
    assert np.allclose(text[0], np.array([10, 1]) / np.hypot(10, 1), atol=1e-3)


def test_empty_chunk_gives_an_empty_block(bench: Bench) -> None:
    header, image, text = opened(bench.run([]))
    assert [m.rows for m in header.modalities] == [(), ()]
    assert (len(image), len(text)) == (0, 0)


def test_bad_image_refuses_its_listing_only() -> None:
    images = {
        **GOOD,
        "spool:cut": encoded(scene(20, 20))[:60],
        "spool:empty": b"",
        "spool:big": encoded(scene(40, 40)),
        "spool:text": b"hello",
    }
    bench = Bench(images)
    names = ["1", "cut", "2", "empty", "3", "big", "text", "nowhere", "4"]
    result = bench.run([entry(i, f"title {i}", f"spool:{name}") for i, name in enumerate(names)])
    header, _, _ = opened(result)
    assert [(r.row, r.listing_id, r.code) for r in header.rejections] == [
        (1, "l1", "image_truncated"),
        (3, "l3", "image_empty"),
        (5, "l5", "image_too_many_pixels"),
        (6, "l6", "image_broken"),
        (7, "l7", "image_missing"),
    ]
    assert result.rejections == header.rejections
    assert [m.rows for m in header.modalities] == [(0, 2, 4, 8)] * 2
    bench.stage.close()


@pytest.mark.parametrize("title", ["", "   ", "🔥🔥", r"\xe2\x9c\x85"])
def test_listing_without_image_and_readable_title_is_empty(bench: Bench, title: str) -> None:
    header, _, _ = opened(bench.run([entry(1, title), entry(2, title, "spool:1")]))
    assert [(r.row, r.code) for r in header.rejections] == [(1, "listing_empty")]
    assert [m.rows for m in header.modalities] == [(2,), ()]


def test_same_content_is_encoded_once(bench: Bench) -> None:
    images = ["spool:1", "spool:2", "spool:1", "spool:1"]
    header, image, text = opened(
        bench.run([entry(i, "Same  title" if i else "Same title", name) for i, name in enumerate(images)])
    )
    assert bench.image_model.prepared == 2
    assert bench.text_model.batches == [["Same title"]]
    assert image[0].tobytes() == image[2].tobytes() == image[3].tobytes() != image[1].tobytes()
    assert {row.tobytes() for row in text} == {text[0].tobytes()}
    assert len(header.modalities[0].rows) == 4


def test_same_bad_content_refuses_every_listing_with_it() -> None:
    bench = Bench({"spool:a": b"bad", "spool:b": b"bad"})
    header, _, _ = opened(bench.run([entry(1, "x", "spool:a"), entry(2, "y", "spool:b")]))
    assert [(r.row, r.code) for r in header.rejections] == [(1, "image_broken"), (2, "image_broken")]
    bench.stage.close()


def test_second_run_takes_vectors_from_the_cache_bit_for_bit(bench: Bench) -> None:
    entries = [entry(i, f"title {i}", f"spool:{i}") for i in range(20)]
    first = bench.run(entries)
    prepared, batches = bench.image_model.prepared, len(bench.text_model.batches)
    assert bench.run(entries).block == first.block
    assert (bench.image_model.prepared, len(bench.text_model.batches)) == (prepared, batches)


def test_batches_are_full_and_bounded(bench: Bench) -> None:
    bench.run([entry(i, "x" * (50 - i), f"spool:{i}") for i in range(10)])
    assert bench.image_model.batches == [4, 4, 2]
    assert [len(batch) for batch in bench.text_model.batches] == [4, 4, 2]
    lengths = [len(title) for batch in bench.text_model.batches for title in batch]
    assert lengths == sorted(lengths)


def test_images_wait_in_bounded_number() -> None:
    """However large the chunk, only so many images are fetched ahead of the model."""
    bench = Bench(batch=4, threads=3)
    ahead: list[int] = []

    def look() -> None:
        ahead.append(len(bench.source.asked) - len(ahead))

    bench.run([entry(i, "", f"spool:{i}") for i in range(100)], look)
    assert len(bench.source.asked) == 100
    assert max(ahead) <= 4 + 3 + 1
    bench.stage.close()


def test_payload_is_used_instead_of_the_reference(bench: Bench) -> None:
    header, _, _ = opened(bench.run([entry(0, payload=GOOD["spool:1"]), entry(1, image="spool:2")]))
    assert header.modalities[0].rows == (0, 1)
    assert bench.source.asked == ["spool:2"]


def test_outage_of_the_spool_is_no_rejection() -> None:
    bench = Bench({**GOOD, "spool:5": SpoolUnavailable("away")})
    with pytest.raises(SpoolUnavailable):
        bench.run([entry(i, "t", f"spool:{i}") for i in range(20)])
    bench.stage.close()


def test_bug_is_no_rejection() -> None:
    bench = Bench({**GOOD, "spool:5": RuntimeError("bug")})
    with pytest.raises(RuntimeError):
        bench.run([entry(i, "t", f"spool:{i}") for i in range(20)])
    bench.stage.close()


def test_work_ends_early_when_told(bench: Bench) -> None:
    class Enough(Exception):
        pass

    calls = iter(range(100))

    def proceed() -> None:
        if next(calls) == 3:
            raise Enough

    with pytest.raises(Enough):
        bench.run([entry(i, "t", f"spool:{i}") for i in range(100)], proceed)
    assert len(bench.source.asked) < 30
    assert bench.text_model.batches == []


def test_order_of_listings_and_batches_do_not_matter() -> None:
    entries = [entry(i, f"title {i % 7}", f"spool:{i % 11}") for i in range(30)]
    blocks = set()
    for batch, threads, order in ((1, 1, 1), (7, 4, -1), (64, 8, 1)):
        bench = Bench(batch=batch, threads=threads)
        blocks.add(bench.run(entries[::order]).block)
        bench.stage.close()
    assert len(blocks) == 1


def test_listings_found_one_by_one_give_the_block_of_all(bench: Bench) -> None:
    entries = [entry(i, f"title {i % 3}", f"spool:{i % 4}") for i in range(6)] + [entry(9, "", "spool:no")]
    found = Findings()
    for each in reversed(entries):
        found.add(bench.pipeline.find([each], lambda: None))
    assert bench.pipeline.pack(entries, found) == bench.run(entries)


def test_threads_end_with_the_stage() -> None:
    before = threading.active_count()
    bench = Bench()
    bench.run([entry(1, "t", "spool:1")])
    bench.stage.close()
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "bad", [np.zeros((1, 3)), np.full((1, 3), np.nan), np.full((1, 3), np.inf), np.ones((1, 4))]
)
def test_vector_without_direction_or_of_another_dimension_is_a_bug(bad: NDArray[np.float64]) -> None:
    class Broken(FakeImageModel):
        def forward(self, batch: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
            return bad

    with pytest.raises(ArithmeticError):
        BatchEncoder(Broken(), 4).encode([Image.new("RGB", (2, 2))])
