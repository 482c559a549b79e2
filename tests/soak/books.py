"""What was sent, what became of it and what is wrong: written by all customers of a soak."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.soak.goods import Shelf, Submission
from tests.support import Json


@dataclass
class Story:
    """All submissions to one catalog, one after another: how each was made, and the outcome that it told."""

    catalog: str
    seed: int
    shelf: Shelf
    deadly: list[bool] = field(default_factory=list)
    told: list[Json] = field(default_factory=list)
    whole: bool = True


@dataclass
class Books:
    """The counts, the stories and the complaints; every method may be called from any thread."""

    rows: int = 0
    listings: int = 0
    rejections: Counter[str] = field(default_factory=Counter)
    twins: int = 0
    resent: int = 0
    accepted: set[str] = field(default_factory=set)
    stories: list[Story] = field(default_factory=list)
    cancelled: dict[str, tuple[Submission, str]] = field(default_factory=dict)
    queries: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def accept(self, job_id: str, *, resent: str | None = None) -> None:
        """Note that a client was told of a job, and of which one when it asked again."""
        with self._lock:
            self.accepted.add(job_id)
            self.resent += resent is not None
        if resent is not None and resent != job_id:
            self.complain(f"sent again, job {job_id} became job {resent}")

    def settle(self, story: Story, sent: Submission, outcome: Json, *, deadly: bool) -> None:
        """Note the end of a job, with what it told."""
        with self._lock:
            story.deadly.append(deadly)
            story.told.append(outcome)
            self.rows += len(sent.rows)
            self.listings += len(sent.listings)
            self.rejections.update(sent.rejections.values())
            self.twins += len(sent.twins)

    def open(self, story: Story) -> None:
        """Note a new catalog."""
        with self._lock:
            self.stories.append(story)

    def cancel(self, catalog: str, sent: Submission, status: str) -> None:
        """Note a job that was to be cancelled, alone in its catalog, and how it ended."""
        with self._lock:
            self.cancelled[catalog] = sent, status

    def ask(self, what: str) -> None:
        """Note what became of a query."""
        with self._lock:
            self.queries[what] += 1

    def complain(self, *what: str) -> None:
        """Note what must not be."""
        with self._lock:
            self.wrong += what
