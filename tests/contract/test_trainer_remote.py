"""Embeddings through running encoders: a stack of real processes, and a trainer that is stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.stack import Stack
from samples import write_catalog
from shared.errors import ProfileMismatch
from shared.ledger import Ledger
from shared.messages import Listing
from shared.profile import load_profile
from shared.settings import CommonSettings, EncoderSettings
from tests.conftest import wait_until
from tests.support import files_in, jpeg
from workers.encoder.models import build_encoders
from workers.index.arrays import Modality
from workers.trainer.embedding import embed
from workers.trainer.remote import embed_remotely

ROOT = Path(__file__).parents[2]
# What a trainer does that is stopped in the middle: a process of its own that asks for 400 titles.
ASKING = """
import signal
from pathlib import Path
from shared.messages import Listing
from shared.settings import CommonSettings
from workers.trainer.remote import embed_remotely
# Whoever runs the tests in the background may have had it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
listings = [Listing(id=str(i), title=f"title {i}", image="a.jpg") for i in range(400)]
embed_remotely(listings, Path(), CommonSettings(), most_waiting=5)
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    settings = {"DOPPEL_LEASE_S": "1", "DOPPEL_RECONCILE_EVERY_S": "0.5", "DOPPEL_BULK_THREADS": "1"}
    with Stack(profile="deterministic", settings=settings) as running:
        running.up("redis", "gateway", "reconciler", "encoder")
        running.wait_ready()
        yield running


@pytest.fixture
def common(stack: Stack) -> CommonSettings:
    return CommonSettings(redis_url=stack.redis_url, spool_url=str(stack.run_dir / "spool"), lease_s=1)


@pytest.fixture
def ledger(common: CommonSettings) -> Iterator[Ledger]:
    with Ledger.connect(common) as connected:
        yield connected


def files(stack: Stack) -> list[Path]:
    return files_in(stack.run_dir / "spool" / "jobs")


def nothing_left(stack: Stack, ledger: Ledger) -> bool:
    return not files(stack) and not list(ledger._redis.scan_iter("doppel:emb:*"))


def shop(folder: Path) -> list[Listing]:
    """Return sample listings, some that share a photo or a title, and one whose photo is broken."""
    write_catalog(folder, listings=60, seed=3)
    photos = sorted(path.name for path in (folder / "images").iterdir())
    (folder / "broken.jpg").write_bytes(jpeg(3)[:200])
    listings = [
        Listing(id=f"s{i}", title=f"Mug no {i % 40}", image=f"images/{name}") for i, name in enumerate(photos)
    ]
    return [
        *listings,
        listings[0].model_copy(update={"id": "twin"}),
        Listing(id="broken", title="A broken photo", image="broken.jpg"),
        Listing(id="bare", title="no photo"),
        Listing(id="mute", image=listings[1].image),
        Listing(id="empty"),
    ]


def test_running_encoders_give_what_this_process_gives(
    stack: Stack, common: CommonSettings, ledger: Ledger, tmp_path: Path
) -> None:
    listings = shop(tmp_path)
    profile, folder = load_profile("deterministic", ROOT / "artifacts")
    here = embed(listings, tmp_path, build_encoders(profile, folder, EncoderSettings()))
    heard: dict[Modality, list[tuple[int, int]]] = {"image": [], "text": []}
    there = embed_remotely(
        listings, tmp_path, common, tmp_path / "cache",
        lambda modality, *numbers: heard[modality].append(numbers), chunk_contents=4, most_waiting=3,
    )  # fmt: skip
    assert there.models == here.models
    assert there.vectors == here.vectors
    assert len(there.vectors["image"]) > 50
    assert set(there.unreadable) == set(here.unreadable) == {"broken"}
    assert there.unreadable["broken"].startswith("image_truncated: ")
    for modality, said in heard.items():
        assert said == sorted(said)
        assert said[-1][0] == said[-1][1] == len(set(here.vectors[modality].values())) + (modality == "image")
    (record,) = ledger.recent(None, 1)
    assert (record.kind, record.status) == ("embedding", "succeeded")
    assert nothing_left(stack, ledger)

    # With what is kept, only the one photo that is refused, and what told the models, go again.
    assert embed_remotely(listings, tmp_path, common, tmp_path / "cache", chunk_contents=4) == there
    assert ledger.recent(None, 1)[0].counts["rows"] == 5


def test_models_that_are_wanted_are_known_at_once_and_others_refused(
    stack: Stack, common: CommonSettings, ledger: Ledger, tmp_path: Path
) -> None:
    listings = [Listing(id=str(i), title=f"kettle {i}") for i in range(8)]
    models = embed_remotely(listings, None, common, tmp_path / "cache").models
    again = embed_remotely(listings, None, common, tmp_path / "cache", models=models)
    assert len(again.vectors["text"]) == 8
    assert ledger.recent(None, 1)[0].counts["rows"] == 0
    others = {**models, "text": ("another model", 384)}
    with pytest.raises(ProfileMismatch, match=r"text model .*\) .*text model another model \(384\)"):
        embed_remotely(listings, None, common, models=others, chunk_contents=2)
    (record,) = ledger.recent(None, 1)
    assert (record.status, (record.error or {})["code"]) == ("failed", "profile_mismatch")
    wait_until(lambda: nothing_left(stack, ledger), timeout_s=30)


def test_a_redis_that_is_killed_and_comes_back_costs_nothing(
    stack: Stack, common: CommonSettings, ledger: Ledger
) -> None:
    listings = [Listing(id=str(i), title=f"title {i}") for i in range(40)]
    stack.freeze("encoder")
    known = {record.id for record in ledger.recent(None, 10)}

    def put() -> bool:
        (record,) = ledger.recent(None, 1)
        return record.id not in known and record.counts["chunks"] == 5

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(embed_remotely, listings, None, common, chunk_contents=4, most_waiting=5)
        wait_until(put)
        stack.restart("redis")
        stack.thaw("encoder")
        assert len(asked.result(60).vectors["text"]) == 40
    wait_until(lambda: nothing_left(stack, ledger), timeout_s=30)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, "cancelled"), (signal.SIGTERM, "failed"), (signal.SIGKILL, "failed")],
)
def test_a_trainer_that_is_stopped_leaves_nothing(
    stack: Stack, ledger: Ledger, tmp_path: Path, number: signal.Signals, status: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(1))
    stack.freeze("encoder")
    known = {record.id for record in ledger.recent(None, 10)}
    environment = {**stack.env, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", ASKING], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    ) as trainer:
        try:
            wait_until(lambda: any(record.id not in known for record in ledger.recent(None, 1)), timeout_s=60)
            (record,) = ledger.recent(None, 1)
            wait_until(lambda: ledger.read(record.id).counts["chunks"] == 5)
            assert files(stack)
            os.kill(trainer.pid, number)
            trainer.wait(20)
        finally:
            trainer.kill()
            stack.thaw("encoder")
    wait_until(lambda: ledger.read(record.id).ended, timeout_s=30)
    assert ledger.read(record.id).status == status
    wait_until(lambda: nothing_left(stack, ledger), timeout_s=30)
    wait_until(lambda: not ledger._redis.exists(f"doppel:job:{record.id}:units"), timeout_s=30)
