"""What the unit tests share."""

from collections.abc import Iterator

import pytest

from tests.played_service import Service


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Tiny tensors gain nothing from threads, and waiting for each other costs a lot on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A gateway that plays what a test tells it to; the command line talks to it."""
    playing = Service()
    monkeypatch.setenv("DOPPEL_URL", playing.url)
    monkeypatch.delenv("DOPPEL_API_KEY", raising=False)
    yield playing
    playing.close()
